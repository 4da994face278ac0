"""What a browser does beside what it is asked: connections on speculation, processes for tabs."""

from __future__ import annotations

import asyncio
import time

from browserconc.lab.browser import BrowserError
from browserconc.lab.holding_server import HoldingServer, settled
from browserconc.lab.limit_bench import ARRIVING_S, Bench, Measurement, loaded
from browserconc.lab.process_tree import browser_processes, command_line
from browserconc.model.limit import Reading

LATEST_S = 2.0
"""A busy machine opens it that late."""
LATER_S = 0.5
"""Then there may be more."""
TABS = 4
STEADY_S = 0.6


async def _idle_connections(bench: Bench) -> Reading:
    """In the everyday user-data-dir: an off-the-record context does not speculate."""
    context = await bench.browsers.shared()
    async with HoldingServer() as server:
        page = await context.new_page()
        try:
            await page.evaluate("url => { location.href = url; }", f"{server.origin()}/hold")
            await server.settled(1, ARRIVING_S)
            await settled(lambda: server.accepted - server.requests, 1, LATEST_S, LATEST_S)
            await asyncio.sleep(LATER_S)
            return Reading(server.accepted - server.requests)
        finally:
            await page.close()


async def _renderers(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.context() as context:
        await loaded(context, server.origin())  # it takes over, or leaves, a process that was started ahead
        before = await _steady()
        if not before:
            raise BrowserError("The browser's processes cannot be told apart here.")
        for _ in range(TABS):
            await loaded(context, server.origin())
        return Reading(len(await _steady() - before), TABS)


async def _steady() -> frozenset[int]:
    """Their ids once none has come or gone for a while: one is started ahead, those of closed tabs linger."""
    deadline = time.monotonic() + ARRIVING_S
    found, since = _renderers_now(), time.monotonic()
    while (now := time.monotonic()) < deadline and now - since < STEADY_S:
        await asyncio.sleep(0.1)
        if (seen := _renderers_now()) != found:
            found, since = seen, time.monotonic()
    return found


def _renderers_now() -> frozenset[int]:
    """Chromium's renderers, or Firefox's content processes."""
    return frozenset(
        process.pid
        for process in browser_processes()
        if any(word in ("--type=renderer", "tab") for word in command_line(process))
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
