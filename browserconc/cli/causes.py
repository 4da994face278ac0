"""`browserconc causes`: the catalogue of causes."""

from __future__ import annotations

import click

from browserconc.cli.exits import WrongUsage
from browserconc.cli.output import colour, width


@click.command()
@click.argument("cause_id", metavar="[ID]", required=False)
def causes(cause_id: str | None) -> int:
    """Print the catalogue of causes: how each is recognised and what removes it."""
    from browserconc.analysis.causes import CAUSES
    from browserconc.report.causes import render

    chosen = [cause for cause in CAUSES if cause_id in (None, cause.id)]
    if not chosen:
        raise WrongUsage(f"Unknown cause {cause_id!r}. Choices: {', '.join(cause.id for cause in CAUSES)}.")
    click.echo(render(chosen, colour=colour(), width=width()), nl=False)
    return 0
