"""What commands that measure do alike: run with a live view, end in one sentence, keep a recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from browserconc.cli.exits import CannotMeasure
from browserconc.lab import interruption

if TYPE_CHECKING:
    from browserconc.model.finding import Result


LAST_WORDS = 8
"""Lines of a server's log that go with the message that it failed."""


def measure(measuring: Callable[[Any], Any], quiet: bool) -> bool:
    """Runs a measurement with its live view; True if it was interrupted, and all it started is gone."""
    from browserconc.lab.browser import BrowserError
    from browserconc.lab.dask_cluster import ClusterError
    from browserconc.lab.process import ProcessError
    from browserconc.recording import RecordingError
    from browserconc.report.progress import TrialProgress

    try:
        with TrialProgress(quiet=quiet) as progress:
            interruption.run(lambda: measuring(progress))
    except interruption.InterruptionError as stop:
        if stop.in_haste:
            raise KeyboardInterrupt from None
        return True
    except (BrowserError, ClusterError, ProcessError, RecordingError) as problem:
        raise CannotMeasure(str(problem)) from problem
    return False


def analyzed(folder: Path) -> Result:
    """What a recording says.

    Raises:
        CannotMeasure: It cannot be read.
    """
    from browserconc import recorded
    from browserconc.recording import RecordingError

    try:
        return recorded.analyze(folder)
    except RecordingError as problem:
        raise CannotMeasure(str(problem)) from problem


def unmeasured(result: Result) -> str | None:
    """Why a trial that was asked for has no answer at all; None where each has one."""
    for trial in result.trials:
        if not any(request.error is None for request in trial.requests):
            verdict, *reasons = trial.verdict.doubts
            plain = [reason for reason in reasons if "died" in reason or "failed" in reason]
            why = f"{trial.strategy} could not be measured: {(plain or reasons or [verdict])[0]}"
            return why + _last_words(result, trial.id)
    return None if result.trials else "Nothing was measured."


def _last_words(result: Result, trial_id: str) -> str:
    """The end of the log of the trial's server, if it said anything."""
    from browserconc.lab.running import LOG, tail

    for log in Path(result.recording or "").glob(f"*-{trial_id}/{LOG}"):
        if text := tail(log, LAST_WORDS):
            return f"\nThe server's log ends:\n{text}"
    return ""


def provide_browser() -> None:
    """Provides a browser where none is found."""
    from browserconc.lab import installed_browsers

    if installed_browsers.find():
        return
    try:
        path = installed_browsers.install(tell=lambda line: click.echo(line, err=True))
    except installed_browsers.BrowserError as problem:
        raise CannotMeasure(str(problem)) from problem
    click.echo(f"Browser: {path} ({installed_browsers.version(path)})", err=True)
