"""Playwright's driver: its start, its errors in one line, and closing what may be gone already."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as DriverError
from playwright.async_api import TimeoutError as DriverTimeout

from browserconc.lab.installed_browsers import BrowserError
from browserconc.lab.process import Household

__all__ = [
    "Browser",
    "BrowserContext",
    "BrowserError",
    "DriverError",
    "DriverTimeout",
    "Page",
    "Playwright",
    "first_line",
    "marked",
    "quietly",
    "started",
]

CLOSE_TIMEOUT_S = 10.0


@contextmanager
def marked(household: Household, environment: Mapping[str, str]) -> Iterator[None]:
    """Whatever is started meanwhile inherits the household's mark, and by it all that it starts later.

    And it finds `environment` in its own.
    """
    before = dict(os.environ)
    os.environ.update({**environment, **household.environment})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


async def started() -> Playwright:
    """The driver, a process that starts the browsers and talks to them."""
    return await async_playwright().start()


def first_line(problem: BaseException) -> str:
    """A Playwright error without its call log and the full stop."""
    text = str(problem).strip().split("\n", 1)[0].rstrip(".")
    return (
        text.split(": ", 1)[1]
        if text.startswith(("Page.", "Browser", "CDPSession.")) and ": " in text
        else text
    )


async def quietly(closing: Awaitable[Any]) -> None:
    """Closes what may be gone already; what does not close in time dies with the household."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await closing
    except (DriverError, TimeoutError, OSError):
        pass
