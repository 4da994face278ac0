"""Starts Firefox: the stock one over WebDriver BiDi, or Playwright's own build over its own protocol.

Each writes a MOZ_LOG where logs are kept, into a temporary folder: it holds every header, so only
what `evidence/mozlog.py` lets through is kept.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browserconc.evidence import mozlog
from browserconc.lab import stock_firefox
from browserconc.lab.browser.driver import (
    Browser,
    BrowserContext,
    BrowserError,
    DriverError,
    Playwright,
    quietly,
)
from browserconc.lab.browser.launching import launch_error, options
from browserconc.lab.certificate import TRUST_SWITCH
from browserconc.lab.process import Household
from browserconc.model.plan import BrowserChoice

BIDI_CHANNEL = "moz-firefox"
"""Playwright's name for a Firefox that it did not build; the executable is given beside it."""

_ALONE = {"services.settings.server": "data:,#remote-settings-dummy/v1"}
"""Without it Firefox keeps asking Mozilla's servers for settings while the tabs are to be measured. Read
only with MOZ_REMOTE_SETTINGS_DEVTOOLS (services/settings/Utils.sys.mjs)."""
_ANY_CERTIFICATE = "Firefox was told to accept any certificate, for it has no switch to trust a single key."
_NO_CACHE = {"browser.cache.disk.enable": False, "browser.cache.memory.enable": False}


@dataclass(frozen=True, slots=True)
class _Log:
    raw: Path
    kept: Path
    before: mozlog.Clocks


class FirefoxLauncher:
    """Starts processes of one Firefox.

    `stock` says that it was not built by Playwright.
    """

    speaks_cdp = False
    is_ours = True

    def __init__(
        self,
        playwright: Playwright,
        household: Household,
        choice: BrowserChoice,
        executable: Path,
        logs: Path | None,
        *,
        stock: bool,
    ) -> None:
        secure = any(switch.startswith(TRUST_SWITCH) for switch in choice.switches)
        self.doubts: tuple[str, ...] = (_ANY_CERTIFICATE,) if secure else ()
        self.accepts_any_certificate = secure
        self._playwright = playwright
        self._household = household
        self._choice = choice
        self._executable = executable
        self._logs = logs
        self._stock = stock
        self._count = 0
        self._written: list[_Log] = []

    async def everyday(self, *, ignore_https_errors: bool = False) -> tuple[BrowserContext, Path | None]:
        """A user-data-dir of its own."""
        return await self.user_data_dir(ignore_https_errors=ignore_https_errors)

    async def leave(self, everyday: BrowserContext) -> None:
        """Closes that browser."""
        await quietly(everyday.close())

    async def user_data_dir(
        self, *, cache: bool = True, ignore_https_errors: bool = False
    ) -> tuple[BrowserContext, Path | None]:
        """The default context of a Firefox with a profile folder of its own, and its log."""
        log, chosen = self._options({} if cache else _NO_CACHE)
        folder = self._household.folder(f"user-data-dir-{self._count}")
        try:
            context = await self._playwright.firefox.launch_persistent_context(
                folder, ignore_https_errors=ignore_https_errors, **chosen
            )
        except DriverError as problem:
            raise self._error(problem) from problem
        return context, log

    async def browser(self) -> tuple[Browser, Path | None]:
        """A Firefox without a profile folder that is kept, and its log."""
        log, chosen = self._options({})
        try:
            return await self._playwright.firefox.launch(**chosen), log
        except DriverError as problem:
            raise self._error(problem) from problem

    def finish(self, secret_headers: Collection[str] = ()) -> None:
        """Keeps of the logs what tells of waits."""
        for log in self._written:
            mozlog.keep(log.raw, log.kept, log.before)
        self._written.clear()

    def _options(self, preferences: dict[str, Any]) -> tuple[Path | None, dict[str, Any]]:
        self._count += 1
        environment = {**os.environ, **self._household.environment, "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"}
        kept = None
        if self._logs:
            raw = self._household.folder(f"mozlog-{self._count}") / "firefox"
            kept = self._logs / f"mozlog-{self._count}{mozlog.SUFFIX}"
            self._written.append(_Log(raw, kept, mozlog.Clocks.now()))
            environment |= mozlog.environment(raw)
        return kept, {
            **options(self._choice, self._executable),
            **({"channel": BIDI_CHANNEL} if self._stock else {}),
            "args": [switch for switch in self._choice.switches if not switch.startswith(TRUST_SWITCH)],
            "env": environment,
            "firefox_user_prefs": {**_ALONE, **preferences},
        }

    def _error(self, problem: DriverError) -> BrowserError:
        if stock_firefox.LACKING_COMMAND in str(problem):
            return BrowserError(
                f"This Playwright asks {self._executable} for emulation.{stock_firefox.LACKING_COMMAND}, "
                f"which it does not know: {stock_firefox.ADVICE}, or use a newer Firefox."
            )
        return launch_error(problem, self._executable)
