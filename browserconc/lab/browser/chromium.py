"""Starts Chromium, Chrome or Edge; each writes a NetLog where it is asked for one."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from browserconc.evidence.netlog import CHROMIUM_ARGUMENT, strip_credentials
from browserconc.lab.browser.driver import Browser, BrowserContext, DriverError, Playwright, quietly
from browserconc.lab.browser.launching import launch_error, options
from browserconc.lab.browser_features import with_disabled_features
from browserconc.lab.certificate import TRUST_SWITCH, TRUSTED
from browserconc.lab.process import Household
from browserconc.model.plan import BrowserChoice


class ChromiumLauncher:
    """Starts processes of one Chromium."""

    speaks_cdp = True
    is_ours = True
    accepts_any_certificate = False

    def __init__(
        self,
        playwright: Playwright,
        household: Household,
        choice: BrowserChoice,
        executable: Path,
        logs: Path | None,
    ) -> None:
        told = any(switch.startswith(TRUST_SWITCH) for switch in choice.switches)
        self.doubts: tuple[str, ...] = (TRUSTED,) if told else ()
        self._playwright = playwright
        self._household = household
        self._choice = choice
        self._executable = executable
        self._logs = logs
        self._count = 0

    async def everyday(self, *, ignore_https_errors: bool = False) -> tuple[BrowserContext, Path | None]:
        """A user-data-dir of its own."""
        return await self.user_data_dir(ignore_https_errors=ignore_https_errors)

    async def leave(self, everyday: BrowserContext) -> None:
        """Closes that browser."""
        await quietly(everyday.close())

    async def user_data_dir(
        self, *, cache: bool = True, ignore_https_errors: bool = False
    ) -> tuple[BrowserContext, Path | None]:
        """The default context of a browser process with a user-data-dir of its own, and its NetLog."""
        assert cache, "Chromium has no switch for it (--disable-http-cache keeps the lock)"
        netlog, chosen = self._options()
        folder = self._household.folder(f"user-data-dir-{self._count}")
        try:
            context = await self._playwright.chromium.launch_persistent_context(
                folder, ignore_https_errors=ignore_https_errors, **chosen
            )
        except DriverError as problem:
            raise launch_error(problem, self._executable) from problem
        return context, netlog

    async def browser(self) -> tuple[Browser, Path | None]:
        """A browser process without a user-data-dir that is kept, and its NetLog."""
        netlog, chosen = self._options()
        try:
            return await self._playwright.chromium.launch(**chosen), netlog
        except DriverError as problem:
            raise launch_error(problem, self._executable) from problem

    def finish(self, secret_headers: Collection[str] = ()) -> None:
        """Takes out of the NetLogs what Chromium's own stripping leaves."""
        for path in self._logs.glob("netlog-*.json") if self._logs else ():
            strip_credentials(path, secret_headers)

    def _options(self) -> tuple[Path | None, dict[str, Any]]:
        self._count += 1
        netlog = self._logs / f"netlog-{self._count}.json" if self._logs else None
        return netlog, {
            **options(self._choice, self._executable),
            "chromium_sandbox": not running_as_root(),
            "args": [
                *([f"{CHROMIUM_ARGUMENT}{netlog}"] if netlog else []),
                *with_disabled_features(self._choice.switches),
            ],
        }


def running_as_root() -> bool:
    """Chromium refuses its sandbox to root; everyone else keeps it."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
