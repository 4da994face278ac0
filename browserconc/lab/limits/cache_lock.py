"""Which equal requests wait for each other at the HTTP cache, and when they give up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from browserconc.lab.browser import Page
from browserconc.lab.holding_server import HoldingServer
from browserconc.lab.limit_bench import ARRIVING_S, PAGE_TIMEOUT_S, Bench, Measurement, fetch, loaded
from browserconc.model.limit import Reading

ASKED = 4
LONGEST_S = 26.0
QUIET_S = 0.4
RESOLUTION_S = 0.5
"""Of the time after which the lock gives up: the request that follows may be late on a busy machine."""
_REGISTER = """async () => {
  await navigator.serviceWorker.register('/worker.js');
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller)
    await new Promise(done => navigator.serviceWorker.addEventListener('controllerchange', done));
}"""
Ask = Callable[[Page, str], Awaitable[None]]


async def _held(server: HoldingServer) -> Reading:
    return Reading(await server.settled(ASKED, ARRIVING_S, QUIET_S), ASKED)


def _by(ask: Ask) -> Callable[[Bench], Awaitable[Reading]]:
    """How many of four equal requests of one page are with the server at once."""

    async def measure(bench: Bench) -> Reading:
        async with HoldingServer() as server, bench.page(server.origin()) as page:
            await ask(page, f"{server.origin()}/hold")
            return await _held(server)

    return measure


def _fetching(**options: str) -> Ask:
    async def ask(page: Page, url: str) -> None:
        await fetch(page, [url] * ASKED, **options)

    return ask


async def _range(page: Page, url: str) -> None:
    script = (
        "([u, n]) => { for (let i = 0; i < n; i++)"
        " fetch(u, {headers: {Range: 'bytes=0-9'}}).catch(() => 0); }"
    )
    await page.evaluate(script, [url, ASKED])


async def _xhr(page: Page, url: str) -> None:
    script = (
        "([u, n]) => { for (let i = 0; i < n; i++) {"
        " const x = new XMLHttpRequest(); x.open('GET', u); x.send(); } }"
    )
    await page.evaluate(script, [url, ASKED])


async def _iframes(page: Page, url: str) -> None:
    script = (
        "([u, n]) => { for (let i = 0; i < n; i++) {"
        " const f = document.createElement('iframe'); f.src = u; document.documentElement.append(f); } }"
    )
    await page.evaluate(script, [url, ASKED])


async def _image_per_tab(bench: Bench) -> Reading:
    """In tabs of their own: equal images of one page are one request."""
    async with HoldingServer() as server, bench.context() as context:
        for _ in range(ASKED):
            page = await loaded(context, server.origin())
            await page.evaluate("url => { new Image().src = url; }", f"{server.origin()}/hold")
        return await _held(server)


async def _service_worker(bench: Bench) -> Reading:
    """fetch() by way of a service worker that passes it on."""
    async with HoldingServer() as server, bench.page(server.origin()) as page:
        async with asyncio.timeout(PAGE_TIMEOUT_S):
            await page.evaluate(_REGISTER)
        await fetch(page, [f"{server.origin()}/hold"] * ASKED)
        return await _held(server)


async def _disabled_cache(bench: Bench) -> Reading:
    """As DevTools' checkbox does it."""
    async with HoldingServer() as server, bench.page(server.origin()) as page:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        await fetch(page, [f"{server.origin()}/hold"] * ASKED)
        return await _held(server)


async def _tabs(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.context() as context:
        for _ in range(ASKED):
            page = await context.new_page()
            await page.evaluate("url => { location.href = url; }", f"{server.origin()}/hold")
        return await _held(server)


async def _two_contexts(bench: Bench) -> Reading:
    async with HoldingServer() as server, AsyncExitStack() as stack:
        for _ in range(2):
            page = await stack.enter_async_context(bench.page(server.origin()))
            await fetch(page, [f"{server.origin()}/hold"] * (ASKED // 2))
        return await _held(server)


async def _no_store(bench: Bench) -> Reading:
    """After the first answer, which says no-store: how many of the other three go together."""
    async with HoldingServer() as server, bench.page(server.origin()) as page:
        await fetch(page, [f"{server.origin()}/hold"] * ASKED)
        await server.settled(ASKED, ARRIVING_S, QUIET_S)
        server.answer_one()
        held = await server.settled(ASKED, ARRIVING_S, QUIET_S)
        return Reading(held, ASKED - 1)


async def _seconds(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.page(server.origin()) as page:
        await fetch(page, [f"{server.origin()}/hold"] * 2)
        await server.settled(2, LONGEST_S, LONGEST_S)
        if len(server.arrivals) < 2:
            return Reading(None, LONGEST_S)
        took_s = (server.arrivals[1] - server.arrivals[0]) / 1e9
        return Reading(round(took_s / RESOLUTION_S) * RESOLUTION_S, LONGEST_S)


_UNIT = f"of {ASKED} at once"
_LOCKED = "1"
MEASUREMENTS = (
    Measurement(
        "cache-lock-seconds",
        "s",
        "20 by the sources",
        "An equal request waits so long for the one before it, then goes past the cache.",
        _seconds,
        repeats=1,
        aside=True,
    ),
    Measurement("cache-lock", _UNIT, _LOCKED, "Tabs of one URL load one after the other.", _tabs),
    Measurement(
        "cache-lock-fetch", _UNIT, _LOCKED, "fetch() of one URL runs one after the other.", _by(_fetching())
    ),
    Measurement(
        "cache-lock-xhr", _UNIT, _LOCKED, "XMLHttpRequest does as fetch() does.", _by(_xhr), quick=False
    ),
    Measurement(
        "cache-lock-image",
        _UNIT,
        _LOCKED,
        "Images of one URL in tabs of their own load one after the other.",
        _image_per_tab,
        quick=False,
    ),
    Measurement(
        "cache-lock-iframe",
        _UNIT,
        _LOCKED,
        "Frames of one URL load one after the other.",
        _by(_iframes),
        quick=False,
    ),
    Measurement(
        "cache-lock-range", _UNIT, _LOCKED, "Equal ranges wait for each other too.", _by(_range), quick=False
    ),
    Measurement(
        "cache-lock-service-worker",
        _UNIT,
        _LOCKED,
        "A service worker that passes requests on does not take them past the lock.",
        _service_worker,
        quick=False,
    ),
    Measurement(
        "cache-lock-post",
        _UNIT,
        "4",
        "POST requests to one URL do not wait for each other.",
        _by(_fetching(method="POST")),
    ),
    Measurement(
        "cache-lock-no-store",
        "of 3 at once",
        "-",
        "So many go together once the first answer said no-store; 1: it does not help.",
        _no_store,
    ),
    Measurement(
        "cache-lock-fetch-no-store",
        _UNIT,
        "4",
        "fetch(…, {cache: 'no-store'}) is the way out for a script.",
        _by(_fetching(cache="no-store")),
    ),
    Measurement(
        "cache-lock-fetch-reload",
        _UNIT,
        "4",
        "fetch(…, {cache: 'reload'}) does not wait either.",
        _by(_fetching(cache="reload")),
        quick=False,
    ),
    Measurement(
        "cache-lock-fetch-no-cache",
        _UNIT,
        _LOCKED,
        "fetch(…, {cache: 'no-cache'}) asks the server each time, and waits all the same.",
        _by(_fetching(cache="no-cache")),
        quick=False,
        repeats=2,
    ),
    Measurement(
        "cache-lock-fetch-force-cache",
        _UNIT,
        _LOCKED,
        "fetch(…, {cache: 'force-cache'}) waits for the first one's answer.",
        _by(_fetching(cache="force-cache")),
        quick=False,
        repeats=2,
    ),
    Measurement(
        "cache-lock-disabled",
        _UNIT,
        "4",
        "With the cache disabled, as DevTools and page.route do, nothing waits: not what users get.",
        _disabled_cache,
        quick=False,
        repeats=2,
    ),
    Measurement(
        "cache-lock-two-contexts",
        _UNIT,
        "2",
        "Contexts do not wait for each other.",
        _two_contexts,
    ),
)
