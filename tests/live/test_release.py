"""The release and the browser's own noise, with a real browser: ratios and ranges only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil
import pytest

from browserconc.evidence import ledger
from browserconc.lab import release
from browserconc.lab.browser import Browsers, Page
from browserconc.lab.process import Household
from browserconc.lab.process_tree import browser_processes, descendants_cpu_ns
from browserconc.lab.servers import parse, start
from browserconc.lab.strategy import distinct_host
from browserconc.model.plan import BrowserChoice

pytestmark = pytest.mark.live

TABS = 8


def _is_renderer(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.Error:  # it has just ended
        return False


async def _spread_ns(household: Household, pages: Sequence[Page], *, gate: bool) -> int:
    running = await start(household, parse("gevent"), household.folder("server"))
    urls = [distinct_host(f"{running.origin}/slow?delay=1", index) for index in range(len(pages))]
    try:
        if gate:
            await release.navigate(pages, urls, 20.0, lambda: None, [], [])
        else:
            await asyncio.gather(*(page.goto(url) for page, url in zip(pages, urls, strict=True)))
    finally:
        await running.stop()
        await asyncio.gather(*(page.goto("about:blank") for page in pages))
    spans = [track.span("service") for track in ledger.tracks(running.ledger) if "/slow" in track.url]
    starts = [span.start_ns for span in spans if span]
    assert len(starts) == len(pages)
    return max(starts) - min(starts)


async def test_tabs_leave_the_gate_closer_together_than_gather_starts_them(tmp_path: Path) -> None:
    with Household() as household:
        async with Browsers(household, BrowserChoice(), netlogs=tmp_path) as browsers:
            pages = (await browsers.everyday_tabs(TABS)).pages
            rounds = [
                (
                    await _spread_ns(household, pages, gate=True),
                    await _spread_ns(household, pages, gate=False),
                )
                for _ in range(3)
            ]
    ours, usual = (median(column) for column in zip(*rounds, strict=True))
    # On a crowded machine a server that has to wait for its turn finds goto's requests in a bunch.
    assert ours < max(usual, 60_000_000)


async def test_a_context_brings_no_renderers_for_the_address_bar(tmp_path: Path) -> None:
    contexts = 4
    with Household() as household:
        async with Browsers(household, BrowserChoice(), netlogs=tmp_path) as browsers:
            tabs = await browsers.isolated_tabs(contexts)
            renderers = sum(map(_is_renderer, browser_processes()))
            assert descendants_cpu_ns() > 0
            await tabs.close()
    # Each context has its page's and a spare one; the first window's two are there as well. With the
    # address bar's pages it would be three for each.
    assert contexts < renderers <= 2 * contexts + 2
