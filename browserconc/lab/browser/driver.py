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
    """The driver, a process that starts the browsers and talks to them.

    Raises:
        BrowserError: It ended before it was ready.
    """
    try:
        playwright = await async_playwright().start()
    except Exception as problem:  # what the driver's end raises has no type of its own
        raise BrowserError(f"Playwright's driver did not start ({first_line(problem)}).") from problem
    _tell_of_its_end(playwright)
    return playwright


class _End(asyncio.Future[Any]):
    """What calls that wait for the driver see when it ends: one of the driver's errors."""

    def set_exception(self, exception: type[BaseException] | BaseException, /) -> None:
        known = isinstance(exception, DriverError)
        super().set_exception(exception if known else DriverError(str(exception)))


def _tell_of_its_end(playwright: Playwright) -> None:
    """Makes the driver's end a DriverError, which Playwright up to 1.64 raises as a bare Exception."""
    connection = getattr(getattr(playwright, "_impl_obj", None), "_connection", None)
    if transport := getattr(connection, "_transport", None):
        transport.on_error_future = _End()


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
