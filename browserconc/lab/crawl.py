"""One window of steady work: every tab of a setting loads page after page, and it is noted when.

The clock runs from when every tab has loaded one page. The machine is looked at before and after, never
meanwhile; nothing is concluded here.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from browserconc.lab import machine_load
from browserconc.lab.browser import BrowserError, DriverError, DriverTimeout, Page, first_line
from browserconc.lab.browser.pool import Pool, Tab
from browserconc.lab.memory_pressure import Gauge
from browserconc.lab.observe import traced
from browserconc.lab.process_tree import browser_memory_bytes, tree_cpu_ns
from browserconc.model.tuning import Ask, Lifetime, Load, Pressure, Sample

FIRST_PAGES_S = 20.0
"""How long the first page of every tab may take before the window begins without the slowest."""
MOST_CRASHES = 5
"""A tab that crashes more often in one window stays away."""


class PressedError(Exception):
    """No more may be opened, because the memory ends; one sentence."""


class Crawl:
    """Loads addresses in the tabs of a pool.

    Args:
        pool: where the tabs are.
        next_url: gives the next address.
        gauge: says when no more may be opened.
        rate: pages per second at most, over all tabs; None for no cap.
        timeout_s: how long one page may take.
    """

    def __init__(
        self, pool: Pool, next_url: Callable[[], str], gauge: Gauge, rate: float | None, timeout_s: float
    ) -> None:
        self._pool = pool
        self._next_url = next_url
        self._gauge = gauge
        self._pause_ns = round(1e9 / rate) if rate else 0
        self._timeout_s = timeout_s
        self._turn_ns = 0

    async def window(self, ask: Ask, trace: Path) -> Sample:
        """Runs what is asked for; a setting that memory does not hold gives a sample without pages.

        Where it is to be observed, `trace` holds what the first browser's network stack said.

        Raises:
            BrowserError: the browser does not start.
        """
        begun = time.monotonic_ns()
        try:
            await self._pool.reach(ask.setting, alone=ask.alone, may_open=self._may_open)
        except PressedError as problem:
            return _nothing(begun, Pressure(0, str(problem)))
        except BrowserError:
            pressure = self._gauge.read()
            if pressure.said:
                return _nothing(begun, pressure)
            raise
        tabs = self._pool.tabs(ask.setting)
        if not ask.cache:
            await self._pool.switch_cache(tabs, on=False)
        doubts: list[str] = []
        try:
            async with AsyncExitStack() as stack:
                if ask.observed:
                    await stack.enter_async_context(traced(self._pool.first_browser(), trace, doubts))
                sample = await self._measured(ask, tabs)
            return replace(sample, said=tuple(doubts))
        finally:
            if not ask.cache:
                with suppress(DriverError):
                    await self._pool.switch_cache(tabs, on=True)

    async def _measured(self, ask: Ask, tabs: list[Tab]) -> Sample:
        loads: list[Load] = []
        stop = asyncio.Event()
        ready = [asyncio.Event() for _ in tabs]
        async with asyncio.TaskGroup() as group:
            for number, tab in enumerate(tabs):
                group.create_task(self._work(number, tab, ask.lifetime, loads, ready[number], stop))
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_PAGES_S):
                    for event in ready:
                        await event.wait()
            before, cpu_before = machine_load.Reading.take(), tree_cpu_ns(os.getpid())
            start = time.monotonic_ns()
            await asyncio.sleep(ask.window_ns / 1e9)
            end = time.monotonic_ns()
            after, cpu_after = machine_load.Reading.take(), tree_cpu_ns(os.getpid())
            stop.set()
        used = await asyncio.to_thread(browser_memory_bytes, but=frozenset())
        return Sample(
            loads=tuple(load for load in loads if load.end_ns >= start and load.start_ns < end),
            start_ns=start,
            end_ns=end,
            cpu_share=after.since(before).get("cpu_busy_share", 0.0),
            cpus=os.cpu_count() or 1,
            cpu_ns=max(0, cpu_after - cpu_before),
            memory_bytes=used if ask.alone and ask.lifetime == "tab" else None,
            pool_bytes=used,
            pressure=self._gauge.read(),
        )

    async def _work(
        self,
        number: int,
        tab: Tab,
        lifetime: Lifetime,
        loads: list[Load],
        ready: asyncio.Event,
        stop: asyncio.Event,
    ) -> None:
        """One tab's loop; a tab that crashed is opened anew."""
        crashes = 0
        while not stop.is_set() and crashes <= MOST_CRASHES:
            await self._turn()
            start = time.monotonic_ns()
            error: str | None = None
            try:
                async with self._pool.lent(tab, lifetime) as page:
                    error = await self._load(page)
            except DriverError as problem:
                error = first_line(problem)
            gone = tab.is_gone
            tab.age += 1
            loads.append(Load(number, tab.age, start, time.monotonic_ns(), error, crash=gone))
            ready.set()
            if not tab.home.browser.is_connected():  # all of its tabs: the next window opens them anew
                break
            if gone:
                crashes += 1
                with suppress(DriverError):
                    await self._pool.replace(tab)
        ready.set()

    async def _load(self, page: Page) -> str | None:
        """Loads one address; what went wrong in a few words, None for nothing."""
        try:
            response = await page.goto(self._next_url(), wait_until="load", timeout=self._timeout_s * 1000)
        except DriverTimeout:
            return f"they took more than {self._timeout_s:g} s"
        if response is not None and response.status >= 400:
            return f"status {response.status}"
        return None

    async def _turn(self) -> None:
        """Waits for this tab's turn under the rate cap."""
        if not self._pause_ns:
            return
        now = time.monotonic_ns()
        self._turn_ns = max(self._turn_ns + self._pause_ns, now)
        await asyncio.sleep((self._turn_ns - now) / 1e9)

    def _may_open(self) -> None:
        if said := self._gauge.read().said:
            raise PressedError(said)


def _nothing(begun_ns: int, pressure: Pressure) -> Sample:
    now = time.monotonic_ns()
    return Sample((), begun_ns, now, 0.0, os.cpu_count() or 1, 0, None, None, pressure)
