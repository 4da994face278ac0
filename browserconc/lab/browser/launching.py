"""Starts browsers: which executable, with which switches, and a NetLog where one is asked for."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

from browserconc.evidence.netlog import CHROMIUM_ARGUMENT
from browserconc.lab import installed_browsers
from browserconc.lab.browser.driver import (
    Browser,
    BrowserContext,
    BrowserError,
    DriverError,
    Playwright,
    first_line,
)
from browserconc.lab.browser_features import with_disabled_features
from browserconc.lab.process import Household
from browserconc.model.plan import BrowserChoice

LAUNCH_TIMEOUT_S = 30.0


class Launcher:
    """Starts processes of one browser; each method raises `BrowserError` where none starts."""

    def __init__(
        self,
        playwright: Playwright,
        household: Household,
        choice: BrowserChoice,
        executable: Path,
        netlogs: Path | None,
    ) -> None:
        self._playwright = playwright
        self._household = household
        self._choice = choice
        self._executable = executable
        self._netlogs = netlogs
        self._count = 0

    @classmethod
    async def found(
        cls, playwright: Playwright, household: Household, choice: BrowserChoice, netlogs: Path | None
    ) -> Launcher:
        """Chooses the executable: Playwright's own download where there is one, else what is installed."""
        own = Path(playwright.chromium.executable_path)
        name = choice.name
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
                f"No browser {choice.name} was found that starts: run "
                "`browserconc doctor --install-browser`, or give the path of one with --browser."
            )
        return cls(playwright, household, choice, found, netlogs)

    async def user_data_dir(self, *, ignore_https_errors: bool = False) -> tuple[BrowserContext, Path | None]:
        """The default context of a browser process with a user-data-dir of its own, and its NetLog."""
        netlog, options = self._options()
        folder = self._household.folder(f"user-data-dir-{self._count}")
        try:
            return await self._playwright.chromium.launch_persistent_context(
                folder, ignore_https_errors=ignore_https_errors, **options
            ), netlog
        except DriverError as problem:
            raise _launch_error(problem, self._executable) from problem

    async def browser(self) -> tuple[Browser, Path | None]:
        """A browser process without a user-data-dir that is kept, and its NetLog."""
        netlog, options = self._options()
        try:
            return await self._playwright.chromium.launch(**options), netlog
        except DriverError as problem:
            raise _launch_error(problem, self._executable) from problem

    def _options(self) -> tuple[Path | None, dict[str, Any]]:
        self._count += 1
        netlog = self._netlogs / f"netlog-{self._count}.json" if self._netlogs else None
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


def running_as_root() -> bool:
    """Chromium refuses its sandbox to root; everyone else keeps it."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _launch_error(problem: DriverError, executable: Path | None) -> BrowserError:
    lines = [re.sub(r"^\s*-?\s*(\[[^\]]*\]\s*)*", "", line) for line in str(problem).splitlines()]
    told = [line for line in lines if line and "launch" not in line and "/sys/devices" not in line]
    # What the program itself said comes after Playwright's own lines; its fatal words, if any, count.
    said = next((x for word in ("FATAL", "rror") for x in told if word in x), first_line(problem))
    return BrowserError(
        f"The browser {executable or ''} did not start ({said[:200].rstrip('.')}): "
        "run `browserconc doctor` to see what is missing."
    )
