"""`browserconc limits`: what this browser allows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from browserconc.cli.exits import CANNOT_MEASURE, INTERRUPTED, WrongUsage
from browserconc.cli.measuring import measure
from browserconc.cli.options import remote_options
from browserconc.cli.output import check_targets, show_survey, write

if TYPE_CHECKING:
    from browserconc.model.limit import Limit


@click.command()
@click.option("--only", metavar="A,B,…", help="Only these; cache-lock takes all that begin so.")
@click.option("--quick", is_flag=True, help="One reading each, and not all of them: 40 s at most.")
@click.option("--browser", metavar="NAME|PATH", help="chromium, firefox, webkit, chrome or msedge.")
@remote_options
@click.option("--headed", is_flag=True, help="Show the browser's windows.")
@click.option("--out", metavar="DIR", help="Keep the browser's log and limits.json there.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write them as JSON; - for stdout alone.")
@click.option("--html", "html_file", metavar="FILE|-", help="Write one self-contained page.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def limits(
    only: str | None,
    quick: bool,
    browser: str | None,
    connect: str | None,
    cdp: str | None,
    headed: bool,
    out: str | None,
    json_file: str | None,
    html_file: str | None,
    quiet: bool,
) -> int:
    """Measure what this browser allows: per host, pool, proxy, WebSocket, cache lock.

    Each by a real trial: so much is asked for at once, and a server on loopback that answers
    nothing meanwhile counts what arrives.

    \b
    browserconc limits
    browserconc limits --quick --browser firefox
    browserconc limits --only per-host,cache-lock --json -
    """
    from browserconc import limit_survey, profile
    from browserconc.report import forms

    try:
        words = [word.strip() for word in only.split(",")] if only is not None else []
        measurements = limit_survey.chosen(words, quick=quick)
        choice = profile.one_browser(browser, headed=headed, connect=connect, cdp=cdp)
    except (limit_survey.UnknownLimitError, profile.UsageError) as problem:
        raise WrongUsage(str(problem)) from problem
    check_targets(json_file, html_file)
    found: list[Limit] = []
    about: dict[str, Any] = {}
    began = time.monotonic()
    folder = Path(out) if out else None
    interrupted = measure(
        lambda progress: limit_survey.measure(
            measurements, choice, folder, progress, found, about, quick=quick
        ),
        quiet,
    )
    rows = limit_survey.confirmed(found, folder) if folder else found
    surveyed = limit_survey.surveyed(rows, about, headed=headed, began=began)
    shown = forms.of_limits(surveyed)
    if folder:
        write(str(folder / "limits.json"), shown.by_option["json"]())
    show_survey(shown, {"json": json_file, "html": html_file})
    if interrupted:
        return INTERRUPTED
    return CANNOT_MEASURE if all(row.error for row in rows) else 0
