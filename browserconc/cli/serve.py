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
    default="werkzeug-threaded",
    show_default=True,
    metavar="NAME",
    shell_complete=completing.servers,
    help="What serves it.",
)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="0 takes a free one.  [0]")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Ends by itself after this.")
def serve(name: str, port: int, seconds: float | None) -> int:
    """Run the slow endpoint alone, for clients of your own, and show what is in flight.

    \b
    browserconc serve --server gunicorn-sync:4 --port 8000
    curl 'http://127.0.0.1:8000/slow?delay=2'       and http://127.0.0.1:8000/ in a browser
    """
    from browserconc.lab.lone_server import serve as run
    from browserconc.lab.process import ProcessError
    from browserconc.lab.servers import ServerError, parse
    from browserconc.report.serve_view import ServeView

    try:
        server = parse(name)
    except ValueError as problem:
        raise WrongUsage(str(problem)) from problem
    try:
        with ServeView() as view:
            interruption.run(
                lambda: run(server, port, lambda origin: click.echo(f"{origin}/"), view.show, seconds)
            )
    except interruption.InterruptionError:
        return INTERRUPTED
    except (ServerError, ProcessError) as problem:
        raise CannotMeasure(str(problem)) from problem
    return 0
