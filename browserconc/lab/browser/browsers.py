"""The browsers of one run.

One browser serves every strategy that can share it: its default context is the everyday
user-data-dir, and isolated contexts are opened beside it. Only `browsers` and `user-data-dirs`
need processes of their own. Each writes a NetLog where it is asked for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType

from browserconc.evidence.netlog import strip_credentials
from browserconc.lab.browser.driver import (
    Browser,
    BrowserContext,
    BrowserError,
    DriverError,
    Page,
    Playwright,
    first_line,
    marked,
    quietly,
    started,
)
from browserconc.lab.browser.identity import browser_of
from browserconc.lab.browser.launching import Launcher
from browserconc.lab.browser.tabs import Tabs, close_all, in_context, opened, opening_timeout_s, together
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
        """Opens nothing yet; `netlogs` is the folder for NetLog files, None for none.

        `visitor` is whom the pages are opened for; None for nobody in particular.
        """
        self._visitor = visitor
        self._household = household
        self._choice = choice
        self._netlog_folder = netlogs
        self._playwright: Playwright | None = None
        self._launcher: Launcher | None = None
        self._shared: BrowserContext | None = None
        self._shared_netlog: Path | None = None
        self._everyday: Tabs | None = None
        self._crashed: set[Page] = set()

    async def __aenter__(self) -> Browsers:
        try:
            with marked(self._household):  # nothing of the driver and its browsers outlives us
                self._playwright = await started()
                self._launcher = await Launcher.found(
                    self._playwright, self._household, self._choice, self._netlog_folder
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
        """Closes every browser, which completes their NetLogs, and the driver."""
        shared, self._shared = self._shared, None
        if shared:
            await quietly(shared.close())
        playwright, self._playwright = self._playwright, None
        if playwright:
            await quietly(playwright.stop())
        for path in self._netlog_folder.glob("netlog-*.json") if self._netlog_folder else ():
            strip_credentials(path, self._visitor.secret_headers if self._visitor else ())

    async def shared(self) -> BrowserContext:
        """The everyday user-data-dir's context, in the browser that most strategies share."""
        if self._shared and not browser_of(self._shared).is_connected():  # it crashed or was killed
            self._shared = self._everyday = None
        if self._shared is None:
            self._shared, self._shared_netlog = await self._user_data_dir()
        return self._shared

    async def everyday_tabs(self, count: int) -> Tabs:
        """Tabs of the everyday user-data-dir; they stay open for the next trial that wants as many."""
        context = await self.shared()
        if self._everyday and len(self._everyday.pages) == count:
            return self._everyday
        tabs = await self._opened(count, lambda: in_context(context, count), [self._shared_netlog], _nothing)
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

        return await self._opened(count, opening, [self._shared_netlog], lambda: close_all(contexts))

    async def isolated_tabs(self, count: int) -> Tabs:
        """One isolated context per tab."""
        browser = browser_of(await self.shared())
        contexts: list[BrowserContext] = []

        async def one() -> Page:
            context = await self._new_context(browser)
            contexts.append(context)
            return await context.new_page()

        return await self._opened(
            count, lambda: together(one, count), [self._shared_netlog], lambda: close_all(contexts)
        )

    async def user_data_dir_tabs(self, count: int) -> Tabs:
        """One browser process with a user-data-dir of its own per tab."""
        contexts: list[BrowserContext] = []
        netlogs: list[Path | None] = []

        async def one() -> Page:
            context, netlog = await self._user_data_dir()
            contexts.append(context)
            netlogs.append(netlog)
            return context.pages[0] if context.pages else await context.new_page()

        return await self._opened(count, lambda: together(one, count), netlogs, lambda: close_all(contexts))

    async def browser_tabs(self, count: int) -> Tabs:
        """One browser process per tab, without a user-data-dir that is kept."""
        browsers: list[Browser] = []
        netlogs: list[Path | None] = []

        async def one() -> Page:
            browser, netlog = await self._launched().browser()
            browsers.append(browser)
            netlogs.append(netlog)
            return await (await self._new_context(browser)).new_page()

        return await self._opened(count, lambda: together(one, count), netlogs, lambda: close_all(browsers))

    async def disable_cache(self, tabs: Tabs) -> None:
        """Turns the HTTP cache off over CDP, until the trial is over."""
        try:
            async with asyncio.timeout(opening_timeout_s(len(tabs.pages))):
                sessions = [await page.context.new_cdp_session(page) for page in tabs.pages]
                for session in sessions:
                    await session.send("Network.enable")
                    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        except (DriverError, TimeoutError) as problem:
            reason = first_line(problem) or "the browser does not answer"
            raise BrowserError(f"The cache could not be disabled: {reason}.") from problem

        async def restore() -> None:
            for session in sessions:
                await quietly(session.send("Network.setCacheDisabled", {"cacheDisabled": False}))
                await quietly(session.detach())

        tabs.after_trial.append(restore)

    async def _user_data_dir(self) -> tuple[BrowserContext, Path | None]:
        trusting = bool(self._visitor and not self._visitor.verify_tls)
        context, netlog = await self._launched().user_data_dir(ignore_https_errors=trusting)
        if self._visitor:
            await self._visitor.enter(context)
        return context, netlog

    async def _new_context(self, browser: Browser) -> BrowserContext:
        if self._visitor is None:
            return await browser.new_context()
        context = await browser.new_context(ignore_https_errors=not self._visitor.verify_tls)
        await self._visitor.enter(context)
        return context

    def _launched(self) -> Launcher:
        assert self._launcher, "used before it was entered"
        return self._launcher

    async def _opened(
        self,
        count: int,
        opening: Callable[[], Awaitable[list[Page]]],
        netlogs: Sequence[Path | None],
        close: Callable[[], Awaitable[None]],
    ) -> Tabs:
        # Memory is compared between ways to open tabs, and PSS is less where more processes share.
        await self._close_everyday()
        return await opened(count, opening, netlogs, close)

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
