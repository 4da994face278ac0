"""Starts WebKit, in Playwright's own build: no other WebKit speaks its protocol.

It writes no log that says what a request waited for, so it stays a black box: the server's ledger
and the driver's instants are all there is.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from browserconc.lab.browser.driver import (
    Browser,
    BrowserContext,
    BrowserError,
    DriverError,
    Playwright,
    quietly,
)
from browserconc.lab.browser.launching import launch_error, options
from browserconc.lab.process import Household
from browserconc.model.plan import BrowserChoice


class WebKitLauncher:
    """Starts processes of Playwright's WebKit."""

    doubts: tuple[str, ...] = ("WebKit keeps no log that says what its requests waited for.",)
    speaks_cdp = False
    is_ours = True
    accepts_any_certificate = False

    def __init__(
        self, playwright: Playwright, household: Household, choice: BrowserChoice, executable: Path
    ) -> None:
        self._playwright = playwright
        self._household = household
        self._options = {
            **options(choice, executable),
            "args": list(choice.switches),
            "env": {**os.environ, **household.environment},
        }
        self._executable = executable

    async def everyday(self, *, ignore_https_errors: bool = False) -> tuple[BrowserContext, Path | None]:
        """A user-data-dir of its own."""
        return await self.user_data_dir(ignore_https_errors=ignore_https_errors)

    async def leave(self, everyday: BrowserContext) -> None:
        """Closes that browser."""
        await quietly(everyday.close())

    async def user_data_dir(
        self, *, cache: bool = True, ignore_https_errors: bool = False
    ) -> tuple[BrowserContext, Path | None]:
        """The default context of a WebKit with a user-data-dir of its own; it has no log."""
        if not cache:
            raise BrowserError("WebKit's HTTP cache cannot be disabled from outside: leave no-cache out.")
        folder = self._household.folder("user-data-dir")
        try:
            context = await self._playwright.webkit.launch_persistent_context(
                folder, ignore_https_errors=ignore_https_errors, **self._options
            )
        except DriverError as problem:
            raise launch_error(problem, self._executable) from problem
        return context, None

    async def browser(self) -> tuple[Browser, Path | None]:
        """A WebKit without a user-data-dir that is kept; it has no log."""
        try:
            return await self._playwright.webkit.launch(**self._options), None
        except DriverError as problem:
            raise launch_error(problem, self._executable) from problem

    def finish(self, secret_headers: Collection[str] = ()) -> None:
        """There are no logs."""
