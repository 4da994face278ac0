"""The only door to Playwright: browsers, contexts and tabs, opened before a trial and closed after.

One browser serves every strategy that can share it: its default context is the everyday
user-data-dir, and isolated contexts are opened beside it. Only `browsers` and `user-data-dirs`
need processes of their own. Each writes a NetLog where it is asked for one.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as DriverError
from playwright.async_api import TimeoutError as DriverTimeout

from browserconc.evidence.netlog import CHROMIUM_ARGUMENT, strip_credentials
from browserconc.lab import installed_browsers
from browserconc.lab.browser_features import with_disabled_features
from browserconc.lab.installed_browsers import BrowserError
from browserconc.lab.process import Household
from browserconc.lab.process_tree import browser_command_line, browser_pids
from browserconc.model.plan import BrowserChoice

__all__ = [
    "BrowserContext",
    "BrowserError",
    "Browsers",
    "DriverError",
    "DriverTimeout",
    "Page",
    "Tabs",
    "first_line",
]

LAUNCH_TIMEOUT_S = 30.0
OPENING_S_PER_TAB = 2.0
"""Added for each tab to what a launch may take; a browser per tab needs less than a second each."""
CLOSE_TIMEOUT_S = 10.0


class Visitor(Protocol):
    """Somebody with cookies and headers, for whom every context is prepared that is opened."""

    verify_tls: bool
    secret_headers: Sequence[str]

    async def enter(self, context: BrowserContext) -> None:
        """Gives a new context what the visitor has."""


@dataclass(slots=True)
class Tabs:
    """Open pages, ready to navigate, and the price of having opened them.

    `processes_before` are the browsers' processes before these pages were opened; `netlogs` are the
    files that will tell what their requests waited for.
    """

    pages: list[Page]
    netlogs: list[Path]
    processes_before: frozenset[int]
    startup_ns: int
    close: Callable[[], Awaitable[None]]
    after_trial: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def browsers(self) -> list[Browser]:
        """The browsers that the pages live in, each once."""
        return list(dict.fromkeys(_browser_of(page.context) for page in self.pages))

    def identity(self) -> dict[str, Any]:
        """Name, version, path and switches of the first browser, for recordings without a NetLog."""
        browser = self.browsers()[0]
        path, *words = browser_command_line() or [""]
        return {
            "name": browser.browser_type.name.capitalize(),
            "version": browser.version,
            "path": path,
            "switches": [word for word in words if word.startswith("--")],
        }


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
        self._executable: Path | None = None
        self._netlog_folder = netlogs
        self._playwright: Playwright | None = None
        self._shared: BrowserContext | None = None
        self._shared_netlog: Path | None = None
        self._everyday: Tabs | None = None
        self._crashed: set[Page] = set()
        self._count = 0

    async def __aenter__(self) -> Browsers:
        # The driver and every browser it starts inherit the household's mark, so that nothing of
        # them outlives us, whatever happens to us.
        before = dict(os.environ)
        os.environ.update(self._household.environment)
        try:
            self._playwright = await async_playwright().start()
            await self._find()
        except BaseException:
            await self.close()
            raise
        finally:
            os.environ.clear()
            os.environ.update(before)
        return self

    async def _find(self) -> None:
        """Chooses the executable: Playwright's own download where there is one, else what is installed."""
        assert self._playwright
        own = Path(self._playwright.chromium.executable_path)
        name = self._choice.name
        found: Path | None = None
        if installed_browsers.is_path(name):
            found = Path(name)
            name = await asyncio.to_thread(installed_browsers.version, found)
        if "firefox" in name.lower():
            raise BrowserError("Firefox cannot be measured yet: choose a Chromium, Chrome or Edge.")
        if found is None:
            found = await asyncio.to_thread(installed_browsers.find, name, own)
        if found is None:
            raise BrowserError(
                f"No browser {self._choice.name} was found that starts: run "
                "`browserconc doctor --install-browser`, or give the path of one with --browser."
            )
        self._executable = found

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every browser, which completes their NetLogs, and the driver."""
        shared, self._shared = self._shared, None
        if shared:
            await _quietly(shared.close())
        playwright, self._playwright = self._playwright, None
        if playwright:
            await _quietly(playwright.stop())
        for path in self._netlog_folder.glob("netlog-*.json") if self._netlog_folder else ():
            strip_credentials(path, self._visitor.secret_headers if self._visitor else ())

    async def shared(self) -> BrowserContext:
        """The everyday user-data-dir's context, in the browser that most strategies share."""
        if self._shared and not _browser_of(self._shared).is_connected():  # it crashed or was killed
            self._shared = self._everyday = None
        if self._shared is None:
            self._shared, self._shared_netlog = await self._user_data_dir()
        return self._shared

    async def everyday_tabs(self, count: int) -> Tabs:
        """Tabs of the everyday user-data-dir; they stay open for the next trial that wants as many."""
        context = await self.shared()
        if self._everyday and len(self._everyday.pages) == count:
            return self._everyday
        tabs = await self._opened(count, lambda: _pages(context, count), [self._shared_netlog], _nothing)
        for page in tabs.pages:
            page.on("crash", self._note_crash)
        tabs.close = lambda: self._keep_everyday(tabs)
        self._everyday = tabs
        return tabs

    async def incognito_tabs(self, count: int) -> Tabs:
        """Tabs of one off-the-record context, as incognito windows are."""
        browser = _browser_of(await self.shared())
        contexts: list[BrowserContext] = []

        async def opened() -> list[Page]:
            contexts.append(await self._new_context(browser))
            return await _pages(contexts[0], count)

        return await self._opened(count, opened, [self._shared_netlog], lambda: _close_all(contexts))

    async def isolated_tabs(self, count: int) -> Tabs:
        """One isolated context per tab."""
        browser = _browser_of(await self.shared())
        contexts: list[BrowserContext] = []

        async def one() -> Page:
            context = await self._new_context(browser)
            contexts.append(context)
            return await context.new_page()

        return await self._opened(
            count, lambda: _gather(one, count), [self._shared_netlog], lambda: _close_all(contexts)
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

        return await self._opened(count, lambda: _gather(one, count), netlogs, lambda: _close_all(contexts))

    async def browser_tabs(self, count: int) -> Tabs:
        """One browser process per tab, without a user-data-dir that is kept."""
        browsers: list[Browser] = []
        netlogs: list[Path | None] = []

        async def one() -> Page:
            assert self._playwright
            netlog, options = self._options()
            try:
                browser = await self._playwright.chromium.launch(**options)
            except DriverError as problem:
                raise _launch_error(problem, self._executable) from problem
            browsers.append(browser)
            netlogs.append(netlog)
            return await (await self._new_context(browser)).new_page()

        return await self._opened(count, lambda: _gather(one, count), netlogs, lambda: _close_all(browsers))

    async def disable_cache(self, tabs: Tabs) -> None:
        """Turns the HTTP cache off over CDP, until the trial is over."""
        try:
            async with asyncio.timeout(_opening_timeout_s(len(tabs.pages))):
                sessions = [await page.context.new_cdp_session(page) for page in tabs.pages]
                for session in sessions:
                    await session.send("Network.enable")
                    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        except (DriverError, TimeoutError) as problem:
            reason = first_line(problem) or "the browser does not answer"
            raise BrowserError(f"The cache could not be disabled: {reason}.") from problem

        async def restore() -> None:
            for session in sessions:
                await _quietly(session.send("Network.setCacheDisabled", {"cacheDisabled": False}))
                await _quietly(session.detach())

        tabs.after_trial.append(restore)

    async def _opened(
        self,
        count: int,
        opening: Callable[[], Awaitable[list[Page]]],
        netlogs: Sequence[Path | None],
        close: Callable[[], Awaitable[None]],
    ) -> Tabs:
        # Memory is compared between ways to open tabs, and PSS is less where more processes share.
        await self._close_everyday()
        before = browser_pids()
        begun = time.monotonic_ns()
        try:
            async with asyncio.timeout(_opening_timeout_s(count)):
                pages = await opening()
        except (DriverError, TimeoutError) as problem:
            await close()
            reason = first_line(problem) or f"it took more than {_opening_timeout_s(count):g} s"
            raise BrowserError(f"The tabs could not be opened: {reason}.") from problem
        except BaseException:
            await close()
            raise
        startup = time.monotonic_ns() - begun
        return Tabs(pages, [netlog for netlog in netlogs if netlog], before, startup, close)

    def _note_crash(self, page: Page) -> None:
        self._crashed.add(page)

    async def _keep_everyday(self, tabs: Tabs) -> None:
        if any(page.is_closed() or page in self._crashed for page in tabs.pages):
            await self._close_everyday()

    async def _close_everyday(self) -> None:
        tabs, self._everyday = self._everyday, None
        if tabs:
            await asyncio.gather(*(_quietly(page.close()) for page in tabs.pages))

    async def _user_data_dir(self) -> tuple[BrowserContext, Path | None]:
        assert self._playwright
        netlog, options = self._options()
        folder = self._household.folder(f"user-data-dir-{self._count}")
        try:
            context = await self._playwright.chromium.launch_persistent_context(
                folder, ignore_https_errors=bool(self._visitor and not self._visitor.verify_tls), **options
            )
        except DriverError as problem:
            raise _launch_error(problem, self._executable) from problem
        if self._visitor:
            await self._visitor.enter(context)
        return context, netlog

    async def _new_context(self, browser: Browser) -> BrowserContext:
        if self._visitor is None:
            return await browser.new_context()
        context = await browser.new_context(ignore_https_errors=not self._visitor.verify_tls)
        await self._visitor.enter(context)
        return context

    def _options(self) -> tuple[Path | None, dict[str, Any]]:
        self._count += 1
        netlog = self._netlog_folder / f"netlog-{self._count}.json" if self._netlog_folder else None
        return netlog, {
            "executable_path": self._executable,
            "headless": not self._choice.headed,
            "chromium_sandbox": not running_as_root(),
            "args": [
                *([f"{CHROMIUM_ARGUMENT}{netlog}"] if netlog else []),
                *with_disabled_features(self._choice.switches),
            ],
            "timeout": LAUNCH_TIMEOUT_S * 1000,
            "handle_sigint": False,  # Ctrl-C is ours: the browsers are closed, and their logs with them
        }


def _opening_timeout_s(tabs: int) -> float:
    return LAUNCH_TIMEOUT_S + OPENING_S_PER_TAB * tabs


def running_as_root() -> bool:
    """Chromium refuses its sandbox to root; everyone else keeps it."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def first_line(problem: BaseException) -> str:
    """A Playwright error without its call log and the full stop."""
    text = str(problem).strip().split("\n", 1)[0].rstrip(".")
    return (
        text.split(": ", 1)[1]
        if text.startswith(("Page.", "Browser", "CDPSession.")) and ": " in text
        else text
    )


async def _pages(context: BrowserContext, count: int) -> list[Page]:
    return await _gather(context.new_page, count)


async def _gather(one: Callable[[], Awaitable[Page]], count: int) -> list[Page]:
    """All at once; if one fails the others are still waited for, so that they can be closed."""
    outcomes = await asyncio.gather(*(one() for _ in range(count)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Page)]


async def _close_all(opened: Sequence[BrowserContext | Browser]) -> None:
    await asyncio.gather(*(_quietly(one.close()) for one in opened))


async def _nothing() -> None:
    return None


async def _quietly(closing: Awaitable[Any]) -> None:
    """Closes what may be gone already; what does not close in time dies with the household."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await closing
    except (DriverError, TimeoutError, OSError):
        pass


def _browser_of(context: BrowserContext) -> Browser:
    browser = context.browser
    if browser is None:
        raise BrowserError("This Playwright does not open isolated contexts beside a user-data-dir.")
    return browser


def _launch_error(problem: DriverError, executable: Path | None) -> BrowserError:
    lines = [re.sub(r"^\s*-?\s*(\[[^\]]*\]\s*)*", "", line) for line in str(problem).splitlines()]
    told = [line for line in lines if line and "launch" not in line and "/sys/devices" not in line]
    # What the program itself said comes after Playwright's own lines; its fatal words, if any, count.
    said = next((x for word in ("FATAL", "rror") for x in told if word in x), first_line(problem))
    return BrowserError(
        f"The browser {executable or ''} did not start ({said[:200].rstrip('.')}): "
        "run `browserconc doctor` to see what is missing."
    )
