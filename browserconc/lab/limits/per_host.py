"""HTTP/1.1 connections to one host, and what makes a browser count them apart."""

from __future__ import annotations

from contextlib import AsyncExitStack

from browserconc.lab.holding_server import HoldingServer
from browserconc.lab.limit_bench import Bench, Measurement, counted, distinct, fetch, loaded
from browserconc.model.limit import Reading

ASKED = 20
"""More than any browser is known to allow, and few enough to arrive at once."""


async def _one(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.page(server.origin()) as page:
        await fetch(page, distinct(server.origin(), ASKED))
        return await counted(server, ASKED)


async def _navigations(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.context() as context:
        for url in distinct(server.origin(), ASKED):
            page = await context.new_page()
            await page.evaluate("url => { location.href = url; }", url)
        return await counted(server, ASKED)


async def _two_sites(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.context() as context:
        for site in ("one.localhost", "two.localhost"):
            page = await loaded(context, server.origin(site))
            await fetch(page, distinct(server.origin(), ASKED), mode="no-cors")
        return await counted(server, 2 * ASKED)


async def _without_credentials(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.page(server.origin()) as page:
        urls = distinct(server.origin(), 2 * ASKED)
        await fetch(page, urls[:ASKED], credentials="omit")
        await fetch(page, urls[ASKED:], credentials="include")
        return await counted(server, 2 * ASKED)


async def _two_contexts(bench: Bench) -> Reading:
    async with HoldingServer() as server, AsyncExitStack() as stack:
        for _ in range(2):
            page = await stack.enter_async_context(bench.page(server.origin()))
            await fetch(page, distinct(server.origin(), ASKED))
        return await counted(server, 2 * ASKED)


async def _two_names(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.page(server.origin()) as page:
        for host in ("127.0.0.1", "other.localhost"):
            await fetch(page, distinct(server.origin(host), ASKED), mode="no-cors")
        return await counted(server, 2 * ASKED)


async def _two_ports(bench: Bench) -> Reading:
    async with HoldingServer() as server, HoldingServer() as other, bench.page(server.origin()) as page:
        await fetch(page, distinct(server.origin(), ASKED))
        await fetch(page, distinct(other.origin(), ASKED), mode="no-cors")
        here, there = await counted(server, ASKED), await counted(other, ASKED)
        unlimited = here.value is None or there.value is None
        return Reading(None if unlimited else (here.value or 0) + (there.value or 0), 2 * ASKED)


_CONNECTIONS = "connections"
MEASUREMENTS = (
    Measurement(
        "per-host",
        _CONNECTIONS,
        "6",
        "A page has so many requests to one host at once.",
        _one,
    ),
    Measurement(
        "per-host-navigations",
        _CONNECTIONS,
        "6; Firefox 9",
        "So many tabs of one context load from one host at once.",
        _navigations,
    ),
    Measurement(
        "per-host-two-sites",
        _CONNECTIONS,
        "12 (partitioned)",
        "Pages of two sites do not share their connections to a third host.",
        _two_sites,
    ),
    Measurement(
        "per-host-no-credentials",
        _CONNECTIONS,
        "12",
        "fetch() with and without credentials do not share connections.",
        _without_credentials,
    ),
    Measurement(
        "per-host-two-contexts",
        _CONNECTIONS,
        "12",
        "A crawler doubles its connections to a host with a second context.",
        _two_contexts,
    ),
    Measurement(
        "per-host-two-names",
        _CONNECTIONS,
        "12 (sharding)",
        "A second name for the same server doubles its connections.",
        _two_names,
    ),
    Measurement(
        "per-host-two-ports",
        _CONNECTIONS,
        "12",
        "A second port of the same server doubles its connections.",
        _two_ports,
        quick=False,
    ),
)
