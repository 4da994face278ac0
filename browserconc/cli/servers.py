"""`browserconc servers`: what each server does at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from browserconc.cli import completing
from browserconc.cli.exits import CANNOT_MEASURE, INTERRUPTED, WrongUsage
from browserconc.cli.measuring import measure
from browserconc.cli.output import check_targets, show_survey

if TYPE_CHECKING:
    from browserconc.model.server_row import ServerRow


@click.command()
@click.argument("names", metavar="[NAME…]", nargs=-1, shell_complete=completing.servers)
@click.option("--app", metavar="MODULE:ATTR", help="Your WSGI or ASGI application, not ours.")
@click.option("--server-cmd", "command", metavar="'…{port}…'", help="Any other command that serves HTTP.")
@click.option("--path", metavar="/…", help="What to ask of it: an address that takes some time.  [/]")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the rows as JSON; - for stdout alone.")
@click.option("--html", "html_file", metavar="FILE|-", help="Write one self-contained page.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def servers(
    names: tuple[str, ...],
    app: str | None,
    command: str | None,
    path: str | None,
    json_file: str | None,
    html_file: str | None,
    quiet: bool,
) -> int:
    """Measure what each server really does at once, by raw sockets.

    \b
    browserconc servers
    browserconc servers gunicorn-sync:4 gunicorn-gthread:2x4 --json -
    browserconc servers gunicorn-sync:4 waitress:8 --app shop.web:app --path /report
    browserconc servers --server-cmd 'gunicorn -w 3 -b 127.0.0.1:{port} shop.web:app' --path /report
    """
    from browserconc import survey
    from browserconc.lab.servers import TABLE, chosen
    from browserconc.report import forms

    try:
        if path and not (app or command):
            raise ValueError(
                "--path goes with --app and --server-cmd: our endpoint is asked for what it can."
            )
        if command and (names or app):
            raise ValueError("--server-cmd is the server: it goes with no name and no --app.")
        able = [name for name, kind in TABLE.items() if kind.interface or not app]
        asked = [""] if command else names or able
        specs = list(dict.fromkeys(chosen(name, app=app, command=command).spec for name in asked))
    except ValueError as problem:
        raise WrongUsage(str(problem)) from problem
    check_targets(json_file, html_file)
    rows: list[ServerRow] = []
    interrupted = measure(
        lambda progress: survey.measure(specs, progress, rows, app=app, command=command, path=path), quiet
    )
    shown = forms.of_servers(survey.here(rows))
    show_survey(shown, {"json": json_file, "html": html_file})
    if interrupted:
        return INTERRUPTED
    return CANNOT_MEASURE if all(row.error for row in rows) else 0
