"""One window of steady work: every tab of a setting loads page after page, and it is noted when.

The clock runs from when every tab has loaded one page, and whoever else has to be ready is. The machine is
looked at before and after, never meanwhile; nothing is concluded here.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from browserconc.evidence.secrets import masked
from browserconc.lab import machine_load
from browserconc.lab.browser import BrowserError, DriverError, DriverTimeout, Page, first_line
from browserconc.lab.browser.pool import CrashError, Pool, Tab
from browserconc.lab.memory_pressure import Gauge
from browserconc.lab.observe import traced
from browserconc.lab.process_tree import browser_memory_bytes, tree_cpu_ns
from browserconc.model.crawl import Load, Pressure, Sample
from browserconc.model.tuning import Ask, Setting

FIRST_PAGES_S = 20.0
"""How long the first page of every tab may take before the window begins without the slowest."""
ERROR_PAUSE_S = 0.2
"""A tab whose page failed waits: a server that refuses everything is not asked a thousand times a second."""
MOST_CRASHES = 5
"""A tab that crashes more often in one window stays away."""


@dataclass(slots=True)
class _Shift:
    """One window's work: what was asked for, the pages that were loaded, and whether it is over."""

    ask: Ask
    loads: list[Load] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def over_within(self, seconds: float) -> None:
        """Sleeps, but not beyond the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), seconds)


class PressedError(Exception):
    """No more may be opened, because the memory ends; one sentence."""


class Crawl:
    """Loads addresses in the tabs of a pool.

    Args:
        pool: where the tabs are.
        next_url: gives the next address, of another site than the one before if that is wanted.
        gauge: says when no more may be opened.
        rate: pages per second at most, over all tabs; None for no cap.
        timeout_s: how long one page may take.
    """

    def __init__(
        self, pool: Pool, next_url: Callable[[bool], str], gauge: Gauge, rate: float | None, timeout_s: float
    ) -> None:
        self._pool = pool
        self._next_url = next_url
        self._gauge = gauge
        self._pause_ns = round(1e9 / rate) if rate else 0
        self._timeout_s = timeout_s
        self._turn_ns = 0

    async def window(
        self, ask: Ask, trace: Path, start: Callable[[], Awaitable[int]] | None = None
    ) -> Sample:
        """Runs what is asked for; a setting that memory does not hold gives a sample without pages.

        Where it is to be observed, `trace` holds what the first browser's network stack said. The window
        begins at the instant that `start` comes back with, in ns; until then the tabs go on loading pages.

        Raises:
            BrowserError: the browser does not start.
        """
        begun = time.monotonic_ns()
        doubts: list[str] = []
        try:
            await self._reach(ask, doubts)
        except PressedError as problem:
            return _nothing(begun, Pressure(0, str(problem)))
        except BrowserError:
            pressure = self._gauge.read()
            if pressure.said:
                return _nothing(begun, pressure)
            raise
        tabs = self._pool.tabs(ask.setting)
        if not ask.cache:
            try:
                await self._pool.switch_cache(tabs, on=False)
            except DriverError as problem:  # there is no CDP to a Firefox
                return _nothing(begun, self._gauge.read(), f"The cache stays on: {first_line(problem)}.")
        try:
            async with AsyncExitStack() as stack:
                if ask.observed:
                    await stack.enter_async_context(traced(self._pool.first_browser(), trace, doubts))
                sample = await self._measured(ask, tabs, start)
            return replace(sample, said=tuple(doubts))
        finally:
            if not ask.cache:
                with suppress(DriverError):
                    await self._pool.switch_cache(tabs, on=True)

    async def _reach(self, ask: Ask, doubts: list[str]) -> None:
        """Opens what is needed; what crashes meanwhile is opened anew, once."""
        reach = partial(
            self._pool.reach, ask.setting, alone=ask.alone, proxied=ask.proxied, may_open=self._may_open
        )
        try:
            await reach()
        except CrashError as problem:
            if self._gauge.read().said:
                raise
            doubts.append(f"Something crashed while it was opened, and was opened anew: {problem}")
            await reach()
        if unseen := self._pool.unseen_crashes():
            doubts.append(f"{unseen} tab{'s' * (unseen > 1)} crashed between two windows; each was replaced.")

    async def landing(self, url: str) -> str:
        """Where an address leads, after redirects.

        Raises:
            BrowserError: it cannot be loaded.
        """
        await self._pool.reach(Setting(), alone=False, proxied=True, may_open=self._may_open)
        (tab,) = self._pool.tabs(Setting())
        try:
            await tab.page.goto(url, wait_until="commit", timeout=self._timeout_s * 1000)
        except DriverError as problem:
            reason = first_line(problem).split(" at http", 1)[0]  # Playwright repeats the address
            raise BrowserError(f"{masked(url)[:200]} could not be loaded ({reason}).") from problem
        return tab.page.url

    async def _measured(
        self, ask: Ask, tabs: list[Tab], start_together: Callable[[], Awaitable[int]] | None
    ) -> Sample:
        shift = _Shift(ask)
        async with asyncio.TaskGroup() as group:
            begun = [asyncio.Event() for _ in tabs]
            for number, tab in enumerate(tabs):
                group.create_task(self._work(number, tab, shift, begun[number]))
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_PAGES_S):
                    for event in begun:
                        await event.wait()
            start = await start_together() if start_together else None
            before, cpu_before = machine_load.Reading.take(), tree_cpu_ns(os.getpid())
            # An agreed instant counts, not when a busy loop came to it: pages are loaded all along.
            start = start or time.monotonic_ns()
            end = start + ask.window_ns
            await asyncio.sleep(max(0, end - time.monotonic_ns()) / 1e9)
            after, cpu_after = machine_load.Reading.take(), tree_cpu_ns(os.getpid())
            shift.over.set()
        counted = self._pool.is_ours
        used = await asyncio.to_thread(browser_memory_bytes, but=frozenset()) if counted else None
        cpu_ns = max(0, cpu_after - cpu_before) * ask.window_ns // max(1, after.now_ns - before.now_ns)
        return Sample(
            # A crash counts whenever it was: before the window began, too.
            loads=tuple(
                load for load in shift.loads if (load.end_ns >= start and load.start_ns < end) or load.crash
            ),
            start_ns=start,
            end_ns=end,
            cpu_share=after.since(before).get("cpu_busy_share", 0.0) if self._pool.is_here else None,
            cpus=os.cpu_count() or 1,
            cpu_ns=cpu_ns if counted else None,
            memory_bytes=used if ask.alone and ask.lifetime == "tab" else None,
            pool_bytes=used,
            pressure=self._gauge.read(),
        )

    async def _work(self, number: int, tab: Tab, shift: _Shift, begun: asyncio.Event) -> None:
        """One tab's loop, until the shift is over; a tab that crashed is opened anew."""
        crashes = 0
        while crashes <= MOST_CRASHES and await self._may_go_on(shift):
            start, error = time.monotonic_ns(), None
            try:
                async with self._pool.lent(tab, shift.ask.lifetime) as page:
                    error = await self._load(page, shift.ask.many_sites)
            except DriverError as problem:
                error = first_line(problem).split(" at http", 1)[0]
            if gone := tab.is_gone:
                tab.counted, error = True, error or "the tab crashed"
            tab.age += 1
            shift.loads.append(Load(number, tab.age, start, time.monotonic_ns(), error, crash=gone))
            begun.set()
            if not tab.home.browser.is_connected():  # all of its tabs: the next window opens them anew
                break
            if gone:
                crashes += 1
                with suppress(DriverError):
                    await self._pool.replace(tab)
            elif error:
                await shift.over_within(ERROR_PAUSE_S)
        begun.set()

    async def _load(self, page: Page, many_sites: bool) -> str | None:
        """Loads one address; what went wrong in a few words, None for nothing."""
        url = self._next_url(many_sites)
        try:
            response = await page.goto(url, wait_until="load", timeout=self._timeout_s * 1000)
        except DriverTimeout:
            return f"they took more than {self._timeout_s:g} s"
        if response is not None and response.status >= 400:
            return f"status {response.status}"
        return None

    async def _may_go_on(self, shift: _Shift) -> bool:
        """Waits for a tab's turn under the rate cap; False when the shift is over."""
        if self._pause_ns and not shift.over.is_set():
            now = time.monotonic_ns()
            self._turn_ns = max(self._turn_ns + self._pause_ns, now)
            await shift.over_within((self._turn_ns - now) / 1e9)
        return not shift.over.is_set()

    def _may_open(self) -> None:
        if said := self._gauge.read().said:
            raise PressedError(said)


def _nothing(begun_ns: int, pressure: Pressure, *said: str) -> Sample:
    now = time.monotonic_ns()
    return Sample((), begun_ns, now, 0.0, os.cpu_count() or 1, 0, None, None, pressure, said)
