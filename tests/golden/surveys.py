"""Surveys and searches by name, in all the forms that they have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from browserconc.model.limit import Limit, Limits
from browserconc.model.server_row import ServerRow, Survey
from browserconc.report import forms
from browserconc.report.forms import Forms
from tests.golden.tunings import ENVIRONMENT, TUNINGS

HOSTILE = "<script>alert(1)</script> | \x1b[2J\u2028{{ 7 * 7 }}"


def limits() -> Limits:
    """One that is fixed, one that varies, one not reached, one not measured, and an attack."""
    rows = (
        Limit(
            "per-host",
            6,
            6,
            6,
            "connections",
            "6",
            "A page has so many requests to one host at once.",
            (6, 6, 6),
            "its own log says 6",
        ),
        Limit("pool", 316, 303, 441, "connections", "256", "More requests than this wait.", (303, 441, 316)),
        Limit("websocket", None, 320, None, "sockets", "255", "One more is an error.", (None,)),
        Limit("cache-lock-seconds", 20.1, 20.0, 20.2, "s", "20", "Then the next one goes past the cache."),
        Limit("proxy", None, None, None, "connections", "32", "", error="The browser refused: no."),
        Limit("h2-streams", 1, 1, 1, "<b>\x1b[2J", "|", HOSTILE, (1,), HOSTILE),
    )
    return Limits(ENVIRONMENT, rows, "2026-11-21T12:00:00+00:00", 41.5)


def servers() -> Survey:
    """One as stated, one without a limit, one that lies, one that does not start."""
    sync = ServerRow(
        server="gunicorn-sync:4",
        model="processes",
        stated=4,
        backlog=2048,
        measured=4,
        probed_up_to=12,
        pids=4,
        threads=4,
        spread=(3, 3, 3, 3),
        keep_alive=False,
        silent_connection_blocks=False,
        silent_connections_to_block=4,
        cpu_cores=1.9,
        computing_pids=4,
        blocking_at_once=None,
        sentence="4 at once, the others wait: 4 processes with one request at a time each.",
        error=None,
    )
    gevent = replace(
        sync,
        server="gevent",
        model="greenlets",
        stated=None,
        measured=None,
        probed_up_to=200,
        keep_alive=True,
    )
    lying = replace(sync, server="waitress:4", model="threads", measured=2, sentence=HOSTILE)
    absent = replace(sync, server="sanic:2", stated=2, measured=None, error="sanic is not installed.")
    return Survey(replace(ENVIRONMENT, browser=None), (sync, gevent, lying, absent))


SURVEYS: dict[str, Callable[[], Forms]] = {
    "limits": lambda: forms.of_limits(limits()),
    "servers": lambda: forms.of_servers(servers()),
    **{name: lambda tuned=tuned: forms.of_tuning(tuned()) for name, tuned in TUNINGS.items()},
}
