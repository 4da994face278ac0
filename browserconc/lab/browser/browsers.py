"""The browsers of one run.

One browser serves every strategy that can share it: its default context is the everyday
user-data-dir, and isolated contexts are opened beside it. Only `browsers` and `user-data-dirs`
need processes of their own. Each writes a log of its network stack where it is asked for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from browserconc.lab import display
from browserconc.lab.browser import choosing
from browserconc.lab.browser.driver import (
    Browser,
    BrowserContext,
    BrowserError,
    Page,
    Playwright,
    marked,
    quietly,
    started,
)
from browserconc.lab.browser.identity import browser_of
from browserconc.lab.browser.launching import Launcher
from browserconc.lab.browser.tabs import Tabs, cache_disabled, close_all, in_context, opened, together
from browserconc.lab.browser.visitor import Visitor
from browserconc.lab.process import Household
from browserconc.model.plan import BrowserChoice


class Browsers:
    """The browsers of one run; an asynchronous context manager that closes them all."""

    def __init__(
        self,
        household: Household,
        choice: BrowserChoice,
        *,
        netlogs: Path | None,
        visitor: Visitor | None = None,
    ) -> None:
        """Opens nothing yet; `netlogs` is the folder for the browsers' own logs, None for none.

        `visitor` is whom the pages are opened for; None for nobody in particular.
        """
        self._visitor = visitor
        self._household = household
        self._choice = choice
        self._log_folder = netlogs
        self._playwright: Playwright | None = None
        self._launcher: Launcher | None = None
        self._shared: BrowserContext | None = None
        self._shared_log: Path | None = None
        self._uncached: BrowserContext | None = None
        self._everyday: Tabs | None = None
        self._crashed: set[Page] = set()

    async def __aenter__(self) -> Browsers:
        try:
            shown = self._choice.headed and not self._choice.is_remote
            where = await display.environment(self._household) if shown else {}
            with marked(self._household, where):  # nothing of the driver and its browsers outlives us
                self._playwright = await started()
                self._launcher = await choosing.launcher(
                    self._playwright, self._household, self._choice, self._log_folder, where
                )
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every browser, which completes their logs, and the driver."""
        await self._close_everyday()
        if self._uncached:
            await quietly(self._uncached.close())
        if self._shared:
            await self._launched().leave(self._shared)
        self._shared = self._uncached = None
        playwright, self._playwright = self._playwright, None
        if playwright:
            await quietly(playwright.stop())
        if self._launcher:
            self._launcher.finish(self._visitor.secret_headers if self._visitor else ())

    async def shared(self) -> BrowserContext:
        """The everyday user-data-dir's context, in the browser that most strategies share."""
        if self._shared and not browser_of(self._shared).is_connected():  # it crashed or was killed
            self._shared = self._everyday = None
        if self._shared is None:
            launcher = self._launched()
            if self._visitor and self._visitor.brings_something and self._choice.cdp:
                raise BrowserError("Cookies and headers are not put into a browser that is somebody else's.")
            context, self._shared_log = await launcher.everyday(ignore_https_errors=self._ignores_errors())
            self._shared = await self._entered(context)
        return self._shared

    async def new_context(self, **options: Any) -> BrowserContext:
        """An isolated context in the shared browser, with Playwright's options; the caller closes it.

        Raises:
            DriverError: The browser refuses such a context.
        """
        browser = browser_of(await self.shared())
        return await browser.new_context(**{"ignore_https_errors": self._ignores_errors(), **options})

    async def everyday_tabs(self, count: int) -> Tabs:
        """Tabs of the everyday user-data-dir; they stay open for the next trial that wants as many."""
        context = await self.shared()
        if self._everyday and len(self._everyday.pages) == count:
            return self._everyday
        tabs = await self._opened(count, lambda: in_context(context, count), [self._shared_log], _nothing)
        for page in tabs.pages:
            page.on("crash", self._note_crash)
        tabs.close = lambda: self._keep_everyday(tabs)
        self._everyday = tabs
        return tabs

    async def incognito_tabs(self, count: int) -> Tabs:
        """Tabs of one off-the-record context, as incognito windows are."""
        browser = browser_of(await self.shared())
        contexts: list[BrowserContext] = []

        async def opening() -> list[Page]:
            contexts.append(await self._new_context(browser))
            return await in_context(contexts[0], count)

        return await self._opened(count, opening, [self._shared_log], lambda: close_all(contexts))

    async def isolated_tabs(self, count: int) -> Tabs:
        """One isolated context per tab."""
        browser = browser_of(await self.shared())
        contexts: list[BrowserContext] = []

        async def one() -> Page:
            context = await self._new_context(browser)
            contexts.append(context)
            return await context.new_page()

        return await self._opened(
            count, lambda: together(one, count), [self._shared_log], lambda: close_all(contexts)
        )

    async def user_data_dir_tabs(self, count: int) -> Tabs:
        """One browser process with a user-data-dir of its own per tab."""
        contexts: list[BrowserContext] = []
        logs: list[Path | None] = []

        async def one() -> Page:
            context, log = await self._launched().user_data_dir(ignore_https_errors=self._ignores_errors())
            contexts.append(await self._entered(context))
            logs.append(log)
            return context.pages[0] if context.pages else await context.new_page()

        return await self._opened(count, lambda: together(one, count), logs, lambda: close_all(contexts))

    async def browser_tabs(self, count: int) -> Tabs:
        """One browser process per tab, without a user-data-dir that is kept."""
        browsers: list[Browser] = []
        logs: list[Path | None] = []

        async def one() -> Page:
            browser, log = await self._launched().browser()
            browsers.append(browser)
            logs.append(log)
            return await (await self._new_context(browser)).new_page()

        return await self._opened(count, lambda: together(one, count), logs, lambda: close_all(browsers))

    async def uncached_tabs(self, count: int) -> Tabs:
        """Tabs of one user-data-dir with the HTTP cache off.

        Over CDP as DevTools' checkbox does it; a browser without CDP is started with its cache off.
        """
        launcher = self._launched()
        if launcher.speaks_cdp:
            tabs = await self.everyday_tabs(count)
            tabs.after_trial.append(await cache_disabled(tabs))
            return tabs
        context, log = await launcher.user_data_dir(cache=False, ignore_https_errors=self._ignores_errors())
        self._uncached = await self._entered(context)

        async def close() -> None:
            self._uncached = None
            await close_all([context])

        return await self._opened(count, lambda: in_context(context, count), [log], close)

    def _ignores_errors(self) -> bool:
        unverified = self._visitor is not None and not self._visitor.verify_tls
        return self._launched().accepts_any_certificate or unverified

    async def _new_context(self, browser: Browser) -> BrowserContext:
        return await self._entered(await browser.new_context(ignore_https_errors=self._ignores_errors()))

    async def _entered(self, context: BrowserContext) -> BrowserContext:
        if self._visitor:
            await self._visitor.enter(context)
        return context

    def _launched(self) -> Launcher:
        assert self._launcher, "used before it was entered"
        return self._launcher

    async def _opened(
        self,
        count: int,
        opening: Callable[[], Awaitable[list[Page]]],
        logs: Sequence[Path | None],
        close: Callable[[], Awaitable[None]],
    ) -> Tabs:
        # Memory is compared between ways to open tabs, and PSS is less where more processes share.
        await self._close_everyday()
        tabs = await opened(count, opening, logs, close)
        tabs.doubts += self._launched().doubts
        tabs.is_ours = self._launched().is_ours
        return tabs

    def _note_crash(self, page: Page) -> None:
        self._crashed.add(page)

    async def _keep_everyday(self, tabs: Tabs) -> None:
        if any(page.is_closed() or page in self._crashed for page in tabs.pages):
            await self._close_everyday()

    async def _close_everyday(self) -> None:
        tabs, self._everyday = self._everyday, None
        if tabs:
            await asyncio.gather(*(quietly(page.close()) for page in tabs.pages))


async def _nothing() -> None:
    return None
