"""The contract's exit codes, and the errors that end a command with one sentence."""

from __future__ import annotations

import click

EXPECTATION_FAILED = 1
WRONG_USAGE = 2
CANNOT_MEASURE = 3
INTERRUPTED = 130


class WrongUsage(click.ClickException):
    """Exit 2: one sentence that names the choices."""

    exit_code = WRONG_USAGE


class CannotMeasure(click.ClickException):
    """Exit 3: one sentence, what failed and what to do."""

    exit_code = CANNOT_MEASURE
