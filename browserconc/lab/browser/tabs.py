"""Opens and closes tabs, and says what opening them cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from browserconc.lab.browser.driver import (
    Browser,
    BrowserContext,
    BrowserError,
    DriverError,
    Page,
    first_line,
    quietly,
)
from browserconc.lab.browser.identity import browser_of, identity
from browserconc.lab.browser.launching import LAUNCH_TIMEOUT_S
from browserconc.lab.process_tree import browser_pids

OPENING_S_PER_TAB = 2.0
"""Added for each tab to what a launch may take; a browser per tab needs less than a second each."""


@dataclass(slots=True)
class Tabs:
    """Open pages, ready to navigate, and the price of having opened them.

    `processes_before` are the browsers' processes before these pages were opened; `logs` are the files
    that will tell what their requests waited for, and `doubts` say what nobody can see of these pages.
    `is_ours` is False where others started the browser, whose processes are then not counted.
    """

    pages: list[Page]
    logs: list[Path]
    processes_before: frozenset[int]
    startup_ns: int
    close: Callable[[], Awaitable[None]]
    after_trial: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    is_ours: bool = True

    def browsers(self) -> list[Browser]:
        """The browsers that the pages live in, each once."""
        return list(dict.fromkeys(browser_of(page.context) for page in self.pages))

    def identity(self) -> dict[str, Any]:
        """Name, version, path and switches of the first browser, for recordings without a log of its own."""
        return identity(self.browsers()[0])


async def opened(
    count: int,
    opening: Callable[[], Awaitable[list[Page]]],
    logs: Sequence[Path | None],
    close: Callable[[], Awaitable[None]],
) -> Tabs:
    """What `opening` opens; if it fails, `close` has closed what there was.

    `logs` is looked at afterwards: opening may add to it.

    Raises:
        BrowserError: They could not be opened, or not in time.
    """
    before = browser_pids()
    begun = time.monotonic_ns()
    try:
        async with asyncio.timeout(opening_timeout_s(count)):
            pages = await opening()
    except (DriverError, TimeoutError) as problem:
        await close()
        reason = first_line(problem) or f"it took more than {opening_timeout_s(count):g} s"
        raise BrowserError(f"The tabs could not be opened: {reason}.") from problem
    except BaseException:
        await close()
        raise
    startup = time.monotonic_ns() - begun
    return Tabs(pages, [log for log in logs if log], before, startup, close)


def opening_timeout_s(tabs: int) -> float:
    """How long opening so many may take."""
    return LAUNCH_TIMEOUT_S + OPENING_S_PER_TAB * tabs


async def in_context(context: BrowserContext, count: int) -> list[Page]:
    """So many tabs of one context."""
    return await together(context.new_page, count)


async def together(one: Callable[[], Awaitable[Page]], count: int) -> list[Page]:
    """All at once; if one fails the others are still waited for, so that they can be closed."""
    outcomes = await asyncio.gather(*(one() for _ in range(count)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Page)]


async def close_all(closable: Sequence[BrowserContext | Browser]) -> None:
    """Closes contexts or browsers, at once."""
    await asyncio.gather(*(quietly(one.close()) for one in closable))


async def cache_disabled(tabs: Tabs) -> Callable[[], Awaitable[None]]:
    """Turns the HTTP cache of these pages off over CDP; what it returns turns it on again.

    Raises:
        BrowserError: The browser refuses, or does not answer.
    """
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

    return restore
