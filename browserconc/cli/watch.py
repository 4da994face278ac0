"""`browserconc watch`: a running browser, watched."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from browserconc.cli.exits import INTERRUPTED, CannotMeasure
from browserconc.cli.options import report_options
from browserconc.cli.output import check_targets, show


@click.command()
@click.option(
    "--cdp", default="http://127.0.0.1:9222", metavar="URL", help="Its debugging port.  [127.0.0.1:9222]"
)
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), default=30, help="How long to watch.  [30]"
)
@click.option("--url", metavar="GLOB", help="Only requests whose address matches; * is any text.")
@click.option("--top", type=click.IntRange(1), default=10, metavar="N", help="Rows of each table.  [10]")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep what was seen, for `explain`."
)
@click.option(
    "--evidence",
    type=click.Choice(["trace", "cdp"]),
    default="trace",
    help="What the browser is asked for; cdp: its Network domain, which knows less.  [trace]",
)
@click.option(
    "--live/--no-live", default=None, help="Follow what is in flight, on every tab.  [on a terminal]"
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@report_options
def watch(
    cdp: str,
    seconds: float,
    url: str | None,
    top: int,
    out: Path | None,
    evidence: Literal["trace", "cdp"],
    live: bool | None,
    quiet: bool,
    json_file: str | None,
    markdown: str | None,
    verbose: bool,
) -> int:
    """Watch a running browser and say what its tabs waited for.

    It is not disturbed: no page is opened, routed, focused or closed. On a terminal the
    requests in flight are shown, for which the tabs' Network domain is listened to; with
    --no-live no tab is even attached to.

    \b
    chromium --remote-debugging-port=9222 --user-data-dir=/some/folder
    browserconc watch --cdp http://127.0.0.1:9222 --seconds 30
    """
    from browserconc import observation
    from browserconc.explanation import Choice, LogError
    from browserconc.report.watch_view import WatchView

    check_targets(json_file, markdown, str(out) if out else None)
    try:
        with WatchView(quiet=quiet) as view:
            result, interrupted = observation.run(
                cdp,
                seconds,
                out,
                Choice(url),
                view.show,
                evidence=evidence,
                live=view.live if live is None else live,
            )
    except (
        observation.UnreachableError,
        observation.WatchError,
        observation.ProcessError,
        LogError,
    ) as problem:
        raise CannotMeasure(str(problem)) from problem
    show(result, json_file, markdown, verbose, top=top)
    return INTERRUPTED if interrupted else 0
