"""`browserconc serve`: the slow endpoint alone."""

from __future__ import annotations

import click

from browserconc.cli import completing
from browserconc.cli.exits import INTERRUPTED, CannotMeasure, WrongUsage
from browserconc.lab import interruption


@click.command()
@click.option(
    "--server",
    "name",
    metavar="NAME",
    shell_complete=completing.servers,
    help="What serves the endpoint.  [werkzeug-threaded]",
)
@click.option("--app", metavar="MODULE:ATTR", help="Your WSGI or ASGI application, not ours.")
@click.option("--server-cmd", "command", metavar="'…{port}…'", help="Any other command that serves HTTP.")
@click.option("--backlog", type=click.IntRange(1, 65_535), help="Connections that may wait to be taken.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="0 takes a free one.  [0]")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Ends by itself after this.")
def serve(
    name: str | None,
    app: str | None,
    command: str | None,
    backlog: int | None,
    port: int,
    seconds: float | None,
) -> int:
    """Run the slow endpoint alone, for clients of your own, and show what is in flight.

    \b
    browserconc serve --server gunicorn-sync:4 --port 8000
    curl 'http://127.0.0.1:8000/slow?delay=2'       and http://127.0.0.1:8000/ in a browser
    browserconc serve --server waitress:8 --app shop.web:app
    """
    from browserconc.lab.lone_server import serve as run
    from browserconc.lab.process import ProcessError
    from browserconc.lab.servers import ServerError, chosen
    from browserconc.report.serve_view import ServeView

    try:
        if command and (name or app or backlog):
            raise ValueError(
                "--server-cmd is the server: it goes with neither --server, --app nor --backlog."
            )
        server = chosen(name or "werkzeug-threaded", app=app, command=command)
    except ValueError as problem:
        raise WrongUsage(str(problem)) from problem

    try:
        with ServeView(server.spec, ledger=command is None) as view:

            def started(origin: str) -> None:
                click.echo(f"{origin}/")
                view.started(f"{origin}/" if app or command else f"{origin}/slow?delay=5")

            interruption.run(lambda: run(server, port, started, view.show, seconds, backlog=backlog))
    except interruption.InterruptionError:
        return INTERRUPTED
    except ServerError as problem:
        raise CannotMeasure(problem.in_full) from problem
    except ProcessError as problem:
        raise CannotMeasure(str(problem)) from problem
    return 0
