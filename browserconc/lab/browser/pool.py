"""Browsers, contexts and tabs for loading page after page, opened as far as a setting needs them.

A setting is a box of browsers x contexts x tabs; the pool holds one box and opens or closes what is
missing or too much. What crashed is replaced when it is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from browserconc.lab import display
from browserconc.lab.browser import choosing
from browserconc.lab.browser.driver import (
    Browser,
    BrowserContext,
    BrowserError,
    DriverError,
    DriverTimeout,
    Page,
    first_line,
    marked,
    quietly,
    started,
)
from browserconc.lab.browser.identity import identity
from browserconc.lab.browser.tabs import opening_timeout_s
from browserconc.lab.process import Household
from browserconc.lab.proxy import Proxy
from browserconc.model.plan import BrowserChoice
from browserconc.model.tuning import Lifetime, Setting

AT_ONCE = 8
"""Contexts that are opened together: more only wait for each other, and the driver's time-outs run."""


class CrashError(BrowserError):
    """A tab or browser ended while it was opened: one sentence."""


@dataclass(eq=False)  # without slots: Playwright notes its listener on the object
class Tab:
    """One place in the box; `age` counts the pages that its present tab has loaded.

    `counted`: whoever loaded a page in it has seen that it is gone.
    """

    page: Page
    home: Home
    age: int = 0
    crashed: bool = False
    counted: bool = False

    def note_crash(self, page: Page) -> None:
        """Remembers that the tab's process is gone."""
        self.crashed = True

    @property
    def is_gone(self) -> bool:
        """Whether it has to be replaced."""
        return self.crashed or self.page.is_closed() or not self.home.browser.is_connected()


@dataclass(slots=True, eq=False)
class Home:
    """A context with its tabs, the browser that it is in, and its proxy if it has one."""

    browser: Browser
    context: BrowserContext
    proxy: Proxy | None = None
    tabs: list[Tab] = field(default_factory=list)

    async def add(self) -> None:
        """Opens one more tab."""
        tab = Tab(await self.context.new_page(), self)
        tab.page.on("crash", tab.note_crash)
        self.tabs.append(tab)


class Source(Protocol):
    """Where browsers come from; `is_ours` tells whether they run on this machine because of us."""

    is_ours: bool

    async def browser(self) -> tuple[Browser, Path | None]:
        """One more browser, and its log."""


class Pool:
    """One box of tabs of one kind of browser; each context has one of `proxies`, if there are any.

    `is_here` tells whether the browsers share this machine's processors with us.
    """

    def __init__(self, source: Source, proxies: Sequence[Proxy] = (), *, is_here: bool = True) -> None:
        """Opens nothing yet."""
        self.is_here = is_here
        self._source = source
        self._proxies = tuple(proxies)
        self._browsers: list[Browser] = []
        self._homes: list[list[Home]] = []
        self._given: dict[Proxy, int] = {}
        self._unseen = 0

    async def reach(
        self, setting: Setting, *, alone: bool, proxied: bool, may_open: Callable[[], None]
    ) -> None:
        """Opens what `setting` needs; with `alone` closes everything else.

        Args:
            setting: the box.
            alone: whether no other tabs may stay.
            proxied: whether the contexts have a proxy, where there are any; others are closed.
            may_open: called before each opening; what it raises ends the opening.

        Raises:
            CrashError: something crashed before it was open.
            BrowserError: something does not open, or not in time.
        """
        try:
            async with asyncio.timeout(opening_timeout_s(setting.total)):
                await self._close_dead()
                if alone:
                    await self._close_beyond(setting)
                await self._close_others(proxied=proxied)
                await self._open(setting, may_open, proxied=proxied)
        except (DriverError, TimeoutError) as problem:
            reason = first_line(problem).rstrip(". ") or "it took too long"
            slow = isinstance(problem, DriverTimeout | TimeoutError)
            kind = BrowserError if slow else CrashError
            raise kind(f"{setting.total} tabs could not be opened: {reason}.") from problem

    @property
    def is_ours(self) -> bool:
        """Whether what the browsers use can be counted: they are processes below this one."""
        return self._source.is_ours

    def unseen_crashes(self) -> int:
        """How many tabs were found gone that nobody loaded a page in, since this was last asked."""
        unseen, self._unseen = self._unseen, 0
        return unseen

    def first_browser(self) -> Browser:
        """The browser that is asked what its pages wait for."""
        return self._browsers[0]

    def identity(self) -> dict[str, Any] | None:
        """Name, version, path and switches of the browser; None while none is open."""
        return identity(self._browsers[0]) if self._browsers else None

    def tabs(self, setting: Setting) -> list[Tab]:
        """The tabs of that box, which has been reached."""
        return [
            tab
            for homes in self._homes[: setting.browsers]
            for home in homes[: setting.contexts]
            for tab in home.tabs[: setting.tabs]
        ]

    @asynccontextmanager
    async def lent(self, tab: Tab, lifetime: Lifetime) -> AsyncIterator[Page]:
        """The page to load the next address in: the tab's own, or a new one that is closed again."""
        if lifetime == "tab":
            yield tab.page
            return
        new = (
            tab.home.context
            if lifetime == "context"
            else await _new_context(tab.home.browser, tab.home.proxy)
        )
        page = await new.new_page()
        try:
            yield page
        finally:
            await quietly(page.close() if lifetime == "context" else new.close())

    async def replace(self, tab: Tab) -> None:
        """Opens a tab that crashed again; where its browser is gone, the whole box waits for `reach`."""
        if tab.home.browser.is_connected():
            await quietly(tab.page.close())
            tab.page = await tab.home.context.new_page()
            tab.page.on("crash", tab.note_crash)
            tab.age, tab.crashed, tab.counted = 0, False, False

    async def switch_cache(self, tabs: Iterable[Tab], *, on: bool) -> None:
        """Switches the HTTP cache of those tabs, as DevTools' checkbox does."""
        for tab in tabs:
            session = await tab.home.context.new_cdp_session(tab.page)
            await session.send("Network.enable")
            await session.send("Network.setCacheDisabled", {"cacheDisabled": not on})

    async def close(self) -> None:
        """Closes every browser."""
        browsers, self._browsers, self._homes = self._browsers, [], []
        await asyncio.gather(*(quietly(browser.close()) for browser in browsers))

    async def _open(self, setting: Setting, may_open: Callable[[], None], *, proxied: bool) -> None:
        places = asyncio.Semaphore(AT_ONCE)

        async def browser() -> None:
            may_open()
            opened, _ = await self._source.browser()
            self._browsers.append(opened)
            self._homes.append([])

        async def context(homes: list[Home], opened: Browser) -> None:
            async with places:
                may_open()
                proxy = self._next_proxy() if proxied else None
                homes.append(Home(opened, await _new_context(opened, proxy), proxy))

        async def tab(home: Home) -> None:
            async with places:
                may_open()
                await home.add()

        await _together(browser() for _ in range(setting.browsers - len(self._browsers)))
        pairs = list(zip(self._homes, self._browsers, strict=True))[: setting.browsers]
        await _together(
            context(homes, one) for homes, one in pairs for _ in range(setting.contexts - len(homes))
        )
        await _together(
            tab(home)
            for homes, _ in pairs
            for home in homes[: setting.contexts]
            for _ in range(setting.tabs - len(home.tabs))
        )

    async def _close_beyond(self, setting: Setting) -> None:
        surplus = self._browsers[setting.browsers :]
        del self._browsers[setting.browsers :], self._homes[setting.browsers :]
        contexts = [home.context for homes in self._homes for home in homes[setting.contexts :]]
        for homes in self._homes:
            del homes[setting.contexts :]
        pages = [tab.page for homes in self._homes for home in homes for tab in home.tabs[setting.tabs :]]
        for home in (home for homes in self._homes for home in homes):
            del home.tabs[setting.tabs :]
        await asyncio.gather(*(quietly(one.close()) for one in (*pages, *contexts, *surplus)))

    def _next_proxy(self) -> Proxy | None:
        """The one that has had the fewest contexts, so that they are used alike."""
        if not self._proxies:
            return None
        proxy = min(self._proxies, key=lambda each: self._given.get(each, 0))
        self._given[proxy] = self._given.get(proxy, 0) + 1
        return proxy

    async def _close_others(self, *, proxied: bool) -> None:
        """Closes the contexts that have a proxy and should have none, or the other way round."""
        if not self._proxies:
            return
        wrong = [home for homes in self._homes for home in homes if (home.proxy is not None) != proxied]
        self._homes = [[home for home in homes if home not in wrong] for homes in self._homes]
        for proxy in (home.proxy for home in wrong if home.proxy is not None):
            self._given[proxy] -= 1
        await asyncio.gather(*(quietly(home.context.close()) for home in wrong))

    async def _close_dead(self) -> None:
        """Forgets what crashed, so that it is opened again."""
        tabs = [tab for homes in self._homes for home in homes for tab in home.tabs]
        self._unseen += sum(tab.is_gone and not tab.counted for tab in tabs)
        alive = [n for n, browser in enumerate(self._browsers) if browser.is_connected()]
        self._browsers = [self._browsers[n] for n in alive]
        self._homes = [self._homes[n] for n in alive]
        for home in (home for homes in self._homes for home in homes):
            gone = [tab for tab in home.tabs if tab.is_gone]
            home.tabs = [tab for tab in home.tabs if not tab.is_gone]
            await asyncio.gather(*(quietly(tab.page.close()) for tab in gone))


@asynccontextmanager
async def pool_of(
    household: Household, choice: BrowserChoice, proxies: Sequence[Proxy] = ()
) -> AsyncIterator[Pool]:
    """An empty pool with a driver of its own; closes all that it opened.

    Raises:
        BrowserError: there is no such browser.
    """
    where = await display.environment(household) if choice.headed and not choice.is_remote else {}
    with marked(household, where):  # nothing of the driver and its browsers outlives us
        playwright = await started()
    try:
        pool = Pool(await choosing.launcher(playwright, household, choice, None, where), proxies)
        try:
            yield pool
        finally:
            await pool.close()
    finally:
        await quietly(playwright.stop())


async def _new_context(browser: Browser, proxy: Proxy | None) -> BrowserContext:
    if proxy is None:
        return await browser.new_context()
    return await browser.new_context(
        proxy={"server": proxy.server, "username": proxy.username, "password": proxy.password}
    )


async def _together(opening: Iterable[object]) -> None:
    """All at once; if one fails the others are still waited for, so that they can be closed."""
    outcomes = await asyncio.gather(*opening, return_exceptions=True)  # type: ignore[call-overload]
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
