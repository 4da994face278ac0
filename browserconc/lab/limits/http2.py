"""Streams on one HTTP/2 connection, by what the server's SETTINGS_MAX_CONCURRENT_STREAMS allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.util import find_spec

from browserconc.lab.browser import BrowserError
from browserconc.lab.h2_holding_server import PACKAGES, H2HoldingServer
from browserconc.lab.limit_bench import ARRIVING_S, PAGE_TIMEOUT_S, Bench, Measurement, fetch
from browserconc.model.limit import Reading

ASKED = 300
"""More than Chromium opens whatever it is told."""


def _allowed(streams: int | None) -> Callable[[Bench], Awaitable[Reading]]:
    async def measure(bench: Bench) -> Reading:
        missing = [name for name in (*PACKAGES, "trustme") if find_spec(name) is None]
        if missing or bench.certificate is None:
            raise BrowserError(f"HTTP/2 needs {' and '.join(missing)}: `pip install browserconc[servers]`.")
        # A browser that runs already could not be told of the one key that it is to trust.
        options = {"ignore_https_errors": True} if bench.choice.is_remote else {}
        async with H2HoldingServer(bench.certificate, streams) as server, bench.context(**options) as context:
            page = await context.new_page()
            await page.goto(f"{server.origin}/page", timeout=PAGE_TIMEOUT_S * 1000)
            await fetch(page, [f"{server.origin}/hold?{index}" for index in range(ASKED)])
            held = await server.settled(ASKED, ARRIVING_S)
            return Reading(held if held < ASKED else None, ASKED, _on(server.connections))

    return measure


def _on(connections: int) -> str:
    return f"on {connections} connection{'' if connections == 1 else 's'}"


_UNIT = "streams"
MEASUREMENTS = (
    Measurement(
        "h2-streams",
        _UNIT,
        "100 to 256",
        "So many requests share a connection where the server allows 1,000.",
        _allowed(1000),
        repeats=2,
    ),
    Measurement(
        "h2-streams-unset",
        _UNIT,
        "100",
        "The same where the server says nothing.",
        _allowed(None),
        quick=False,
    ),
    Measurement(
        "h2-streams-100", _UNIT, "100", "The server's word is kept to.", _allowed(100), quick=False, repeats=1
    ),
    Measurement(
        "h2-streams-3",
        _UNIT,
        "3",
        "A small server setting limits tabs as connections did.",
        _allowed(3),
        repeats=1,
    ),
    Measurement(
        "h2-streams-1",
        _UNIT,
        "1",
        "With 1 the pages of a site load one after the other.",
        _allowed(1),
        quick=False,
        repeats=1,
    ),
)
