"""Connections of one browser context to all hosts together, and through a proxy."""

from __future__ import annotations

from contextlib import AsyncExitStack

from browserconc.lab.browser import Page
from browserconc.lab.holding_server import HoldingServer
from browserconc.lab.limit_bench import Bench, Measurement, counted, fetch
from browserconc.lab.open_files import raise_limit
from browserconc.model.limit import Reading

HOSTS = 560
"""More than Chromium's pool was ever seen to hold, 256 and up to 256 more. Firefox's 900 is not reached."""
PROXIED = 300
QUIET_S = 1.0
"""A busy browser makes hundreds of connections with pauses."""


async def _ask(page: Page, port: int, hosts: int, domain: str) -> None:
    await fetch(page, [f"http://h{index}.{domain}:{port}/hold" for index in range(hosts)], mode="no-cors")


async def _pools(bench: Bench, contexts: int) -> Reading:
    raise_limit(contexts * HOSTS)
    async with HoldingServer() as server, AsyncExitStack() as stack:
        for _ in range(contexts):
            page = await stack.enter_async_context(bench.page(server.origin()))
            await _ask(page, server.port, HOSTS, "localhost")
        return await counted(server, contexts * HOSTS, QUIET_S)


async def _one(bench: Bench) -> Reading:
    return await _pools(bench, 1)


async def _two(bench: Bench) -> Reading:
    return await _pools(bench, 2)


async def _proxies(bench: Bench, proxies: int) -> Reading:
    """Contexts that each have a proxy; the proxy is the server that holds, so no name is ever resolved."""
    raise_limit(proxies * PROXIED)
    async with AsyncExitStack() as stack:
        held: list[HoldingServer] = []
        for _ in range(proxies):
            server = await stack.enter_async_context(HoldingServer())
            held.append(server)
            proxy = {"server": server.origin()}
            page = await stack.enter_async_context(bench.page("http://page.test", proxy=proxy))
            await _ask(page, 80, PROXIED, "test")
        values = [(await counted(server, PROXIED, QUIET_S)).value for server in held]
        total = sum(value for value in values if value is not None)
        return Reading(None if None in values else total, proxies * PROXIED)


async def _one_proxy(bench: Bench) -> Reading:
    return await _proxies(bench, 1)


async def _two_proxies(bench: Bench) -> Reading:
    return await _proxies(bench, 2)


MEASUREMENTS = (
    Measurement(
        "pool",
        "connections",
        "256; Firefox 900",
        "A context has so many connections to all hosts together; more wait. Chromium draws a surplus.",
        _one,
        quick_repeats=2,
        drawn=True,
    ),
    Measurement(
        "pool-two-contexts",
        "connections",
        "-",
        "Each context has a pool of its own: a second one adds as many.",
        _two,
        repeats=2,
        quick=False,
        drawn=True,
    ),
    Measurement(
        "proxy",
        "connections",
        "32",
        "A context has so many connections to one proxy, whatever the hosts behind it.",
        _one_proxy,
        quick_repeats=2,
        drawn=True,
    ),
    Measurement(
        "proxy-per-context",
        "connections",
        "-",
        "Contexts with a proxy each do not share that limit.",
        _two_proxies,
        repeats=2,
        quick=False,
        drawn=True,
    ),
)
