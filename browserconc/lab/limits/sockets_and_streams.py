"""WebSockets and event streams: how many, how many handshakes at once, and when a tab hangs for them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from browserconc.lab.browser import DriverTimeout
from browserconc.lab.holding_server import HoldingServer
from browserconc.lab.limit_bench import Bench, Measurement, counted, loaded
from browserconc.lab.open_files import raise_limit
from browserconc.model.limit import Reading

SOCKETS = 320
STREAMS = 12
HANGS_S = 1.5
"""A page of a server that answers at once needs some 50 ms."""
_OPEN = """async ([urls, most, patience]) => {
  const open = [];
  window.kept = [];
  const one = (_, index) => new Promise(done => {
    const socket = new WebSocket(urls[index % urls.length]);
    window.kept.push(socket);
    socket.onopen = () => { open.push(socket); done(true); };
    socket.onerror = () => done(false);
    setTimeout(() => done(false), patience);
  });
  while (open.length < most) {
    const opened = await Promise.all(Array.from({length: Math.min(8, most - open.length)}, one));
    if (opened.includes(false)) break;
  }
  return open.length;
}"""
"""Eight at a time: of more than some thirteen pending ones Chromium delays each by seconds. One that is
neither refused nor open in time waits for the pool."""
PATIENCE_MS = 4000
SERVERS = 4
"""Handshakes with one address go one at a time, so there are several."""


async def _sockets(bench: Bench, tabs: int) -> Reading:
    """So many tabs of one context, each of which opens what it can; all that are then open."""
    asked = tabs * SOCKETS
    raise_limit(asked)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(HoldingServer()) for _ in range(SERVERS)]
        context = await stack.enter_async_context(bench.context())
        urls = [f"ws://127.0.0.1:{server.port}/socket?at-once" for server in servers]
        pages = [await loaded(context, servers[0].origin()) for _ in range(tabs)]
        opened = sum(
            await asyncio.gather(*(page.evaluate(_OPEN, [urls, SOCKETS, PATIENCE_MS]) for page in pages))
        )
        return Reading(opened if opened < asked else None, asked)


async def _one_tab(bench: Bench) -> Reading:
    return await _sockets(bench, 1)


async def _three_tabs(bench: Bench) -> Reading:
    return await _sockets(bench, 3)


async def _handshakes(bench: Bench) -> Reading:
    asked = 6
    async with HoldingServer() as server, bench.page(server.origin()) as page:
        script = "([url, n]) => { window.kept = Array.from({length: n}, (_, i) => new WebSocket(url + i)); }"
        await page.evaluate(script, [f"ws://127.0.0.1:{server.port}/socket?", asked])
        return await counted(server, asked)


async def _streams(bench: Bench) -> Reading:
    """Opens one stream more until another tab's page does not load."""
    async with HoldingServer() as server, bench.context() as context:
        page, other = await loaded(context, server.origin()), await context.new_page()
        await page.evaluate("() => { window.kept = []; }")
        for count in range(1, STREAMS + 1):
            await page.evaluate(f"() => {{ window.kept.push(new EventSource('/events?{count}')); }}")
            await server.settled(count, HANGS_S)
            before = server.requests
            try:
                await other.goto(f"{server.origin()}/page?{count}", timeout=HANGS_S * 1000)
            except DriverTimeout:
                if server.requests == before:  # else it is only slow
                    return Reading(len(server.held), STREAMS)
        return Reading(None, STREAMS)


MEASUREMENTS = (
    Measurement(
        "websocket",
        "sockets",
        "255; Firefox 200",
        "A page that opens one more gets an error at once; another tab has as many.",
        _one_tab,
        repeats=2,
    ),
    Measurement(
        "websocket-three-tabs",
        "sockets",
        "256 (pool)",
        "Three tabs of a context together; more stay connecting. Chromium draws a surplus.",
        _three_tabs,
        repeats=2,
        quick=False,
        drawn=True,
    ),
    Measurement(
        "websocket-handshakes",
        "handshakes at once",
        "1 (RFC 6455, 4.1)",
        "A slow handshake delays all others to that address, also those of other tabs.",
        _handshakes,
    ),
    Measurement(
        "sse-before-hang",
        "streams",
        "6",
        "With so many event streams open, the next tab of that server does not load.",
        _streams,
        repeats=2,
    ),
)
