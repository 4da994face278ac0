"""What a browser does beside what it is asked: connections on speculation, processes for tabs."""

from __future__ import annotations

import asyncio

from browserconc.lab.browser import BrowserError
from browserconc.lab.holding_server import HoldingServer
from browserconc.lab.limit_bench import ARRIVING_S, Bench, Measurement
from browserconc.lab.process_tree import browser_processes, command_line
from browserconc.model.limit import Reading

LATER_S = 0.5
TABS = 4


async def _idle_connections(bench: Bench) -> Reading:
    """In the everyday user-data-dir: an off-the-record context does not speculate."""
    context = await bench.browsers.shared()
    async with HoldingServer() as server:
        page = await context.new_page()
        try:
            await page.evaluate("url => { location.href = url; }", f"{server.origin()}/hold")
            await server.settled(1, ARRIVING_S)
            await asyncio.sleep(LATER_S)
            return Reading(server.accepted - server.requests)
        finally:
            await page.close()


async def _renderers(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.context() as context:
        before = _count()
        if not before:
            raise BrowserError("The browser's processes cannot be told apart here.")
        for _ in range(TABS):
            page = await context.new_page()
            await page.goto(f"{server.origin()}/page")
        return Reading(_count() - before, TABS)


def _count() -> int:
    """Chromium's renderers, or Firefox's content processes."""
    return sum(
        any(word in ("--type=renderer", "tab") for word in command_line(process))
        for process in browser_processes()
    )


MEASUREMENTS = (
    Measurement(
        "speculative-connections",
        "idle connections",
        "1",
        "A server with one worker is blocked by it (`browserconc servers` says which).",
        _idle_connections,
    ),
    Measurement(
        "renderer-processes",
        f"of {TABS} tabs",
        "4",
        "Tabs of one site do not slow each other down as long as each has its own process.",
        _renderers,
        repeats=1,
    ),
)
