"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from browserconc.cli import completing
from browserconc.cli.output import FILES, wanted_file

_Command = TypeVar("_Command", bound=Callable[..., Any])


REMOTE = (
    click.option("--connect", metavar="WS-URL", help="Browsers of a Playwright server, by its address."),
    click.option("--cdp", metavar="URL", help="A Chrome that runs already, by its debugging port."),
)


def remote_options(command: _Command) -> _Command:
    """Options that name a browser which others started."""
    for option in reversed(REMOTE):
        command = option(command)
    return command


WORKLOAD = click.option(
    "--workload",
    metavar="KIND",
    help="navigate, fetch, xhr, image, iframe, sse or websocket.  [navigate]",
)
HTTP = click.option("--http", metavar="1.1|2", help="The version of HTTP that browsers speak.")


def run_options(command: _Command) -> _Command:
    """Options that say what is run."""
    for option in reversed(
        [
            click.option("--tabs", type=int, metavar="N", help="How many requests at once.  [10]"),
            click.option(
                "--delay", type=float, metavar="SECONDS", help="How long the endpoint works on each.  [0.5]"
            ),
            click.option("--work", metavar="KIND", help="How: sleep, compute or block.  [sleep]"),
            WORKLOAD,
            click.option(
                "--server",
                metavar="NAME",
                shell_complete=completing.servers,
                help="What serves the endpoint.  [werkzeug-threaded]",
            ),
            click.option("--app", metavar="MODULE:ATTR", help="Your WSGI or ASGI application, not ours."),
            click.option("--server-cmd", metavar="'…{port}…'", help="Any other command that serves HTTP."),
            click.option("--path", metavar="/…", help="What to ask of --app or --server-cmd.  [/]"),
            click.option("--backlog", type=int, metavar="N", help="Connections that may wait to be taken."),
            click.option(
                "--strategies",
                metavar="A,B,…|all",
                shell_complete=completing.strategies,
                help="Ways to put the requests in flight.",
            ),
            click.option("--repeat", type=int, metavar="R", help="How often to run each trial.  [1]"),
            click.option("--timeout", type=float, metavar="SECONDS", help="Longest time for one trial."),
            click.option(
                "--browser", metavar="A,B,…|PATH", help="chromium, firefox, webkit, chrome or msedge."
            ),
            click.option(
                "--browser-arg",
                "switches",
                multiple=True,
                metavar="SWITCH",
                callback=lambda context, option, given: given or None,
                help="One more switch for the browser; may be repeated.",
            ),
            click.option(
                "--evidence", metavar="LIST|none", help="netlog, trace, cdp: asked of the browser.  [netlog]"
            ),
            *REMOTE,
            HTTP,
            click.option("--headed", is_flag=True, default=None, help="Show the browser's windows."),
            click.option(
                "--stock-switches",
                is_flag=True,
                default=None,
                help="Chromium as users start it, without Playwright's switches.",
            ),
            click.option(
                "--profile",
                metavar="NAME|FILE",
                shell_complete=completing.profiles,
                help="A run profile; options given here win.",
            ),
        ]
    ):
        command = option(command)
    return command


def report_options(command: _Command) -> _Command:
    """Options that say which reports are made, and how long."""
    for option in reversed(
        [
            click.option(
                "--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - for stdout alone."
            ),
            click.option("--markdown", metavar="FILE|-", help="Write the report as Markdown."),
            *(
                click.option(
                    f"--{name}", metavar="FILE|-", help=what, expose_value=False, callback=wanted_file
                )
                for name, what in FILES.items()
            ),
            click.option("--verbose", "-v", is_flag=True, help="Draw every request of every strategy."),
        ]
    ):
        command = option(command)
    return command
