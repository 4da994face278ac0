"""`browserconc explain`: what requests waited for, by a log."""

from __future__ import annotations

from pathlib import Path

import click

from browserconc.cli.exits import CannotMeasure
from browserconc.cli.options import report_options
from browserconc.cli.output import check_targets, show


@click.command()
@click.argument("source", metavar="DIR|FILE", type=click.Path(path_type=Path))
@click.option("--url", metavar="GLOB", help="Only requests whose address matches; * is any text.")
@click.option(
    "--since",
    type=click.FloatRange(0),
    default=0,
    metavar="SECONDS",
    help="Only requests that began so long after the log.",
)
@click.option("--top", type=click.IntRange(1), default=10, metavar="N", help="Rows of each table.  [10]")
@report_options
def explain(
    source: Path,
    url: str | None,
    since: float,
    top: int,
    json_file: str | None,
    markdown: str | None,
    verbose: bool,
) -> int:
    """Say what requests waited for, by a log or recording: NetLog, trace, HAR.

    \b
    browserconc explain chrome-net-export-log.json
    browserconc explain crawl.json.gz --url '*/api/*' --top 20
    """
    from browserconc.explanation import Choice, LogError
    from browserconc.explanation import explain as explain_log

    check_targets(json_file, markdown)
    choice = Choice(url, since)
    try:
        if source.is_dir():
            from browserconc import explain_recording

            result = explain_recording.explain(source, choice)
        else:
            result = explain_log(source, choice)
    except LogError as problem:
        raise CannotMeasure(str(problem)) from problem
    show(result, json_file, markdown, verbose, top=top)
    return 0
