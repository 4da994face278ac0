"""Starts Chromium as a user does: none of Playwright's switches, features or emulations.

Playwright tells every tab that it is visible and has the focus, and switches the throttling of hidden
tabs and timers off. Here the browser is started by us and Playwright is attached to it without its
defaults, so of the tabs of a window only the last one is visible. What remains of ours: a user-data-dir, a
debugging port, a NetLog, and no questions at the first start.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from browserconc.evidence.netlog import CHROMIUM_ARGUMENT, strip_credentials
from browserconc.lab.browser.chromium import running_as_root
from browserconc.lab.browser.driver import (
    CLOSE_TIMEOUT_S,
    Browser,
    BrowserContext,
    BrowserError,
    DriverError,
    Playwright,
    first_line,
    quietly,
)
from browserconc.lab.browser.launching import LAUNCH_TIMEOUT_S
from browserconc.lab.process import Household, Process
from browserconc.model.plan import BrowserChoice

SWITCHES = ("--no-first-run", "--no-default-browser-check", "--remote-debugging-port=0")
PORT_FILE = "DevToolsActivePort"
"""Written by the browser into its user-data-dir: the port, then a path."""


class StockLauncher:
    """Starts processes of one Chromium without Playwright's switches."""

    doubts: tuple[str, ...] = ()
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
        environment: Mapping[str, str],
    ) -> None:
        self._playwright = playwright
        self._household = household
        self._choice = choice
        self._executable = executable
        self._logs = logs
        self._environment = environment
        self._count = 0
        self._processes: dict[BrowserContext, Process] = {}

    async def everyday(self, *, ignore_https_errors: bool = False) -> tuple[BrowserContext, Path | None]:
        """A user-data-dir of its own."""
        return await self.user_data_dir()

    async def leave(self, everyday: BrowserContext) -> None:
        """Closes that browser, which completes its NetLog."""
        process = self._processes.pop(everyday, None)
        if everyday.browser and everyday.browser.is_connected():
            session = await everyday.browser.new_browser_cdp_session()
            await quietly(session.send("Browser.close"))
        if process:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await asyncio.to_thread(process.wait)
            except TimeoutError:
                await asyncio.to_thread(self._household.stop, process)

    async def user_data_dir(
        self, *, cache: bool = True, ignore_https_errors: bool = False
    ) -> tuple[BrowserContext, Path | None]:
        """The default context of a browser process with a user-data-dir of its own, and its NetLog."""
        assert cache, "Chromium has no switch for it (--disable-http-cache keeps the lock)"
        self._count += 1
        netlog = self._logs / f"netlog-{self._count}.json" if self._logs else None
        folder = self._household.folder(f"user-data-dir-{self._count}")
        process = self._household.spawn(
            [
                str(self._executable),
                *SWITCHES,
                *([] if self._choice.headed else ["--headless=new"]),
                *(["--no-sandbox"] if running_as_root() else []),
                f"--user-data-dir={folder}",
                *([f"{CHROMIUM_ARGUMENT}{netlog}"] if netlog else []),
                *self._choice.switches,
                "about:blank",
            ],
            log=folder / "browser.log",
            environment={**os.environ, **self._environment},
        )
        try:
            async with asyncio.timeout(LAUNCH_TIMEOUT_S):
                port = await _port(folder / PORT_FILE, process)
                browser = await self._playwright.chromium.connect_over_cdp(
                    f"http://127.0.0.1:{port}", no_defaults=True
                )
        except (DriverError, TimeoutError) as problem:
            await asyncio.to_thread(self._household.stop, process)
            why = first_line(problem) or f"no debugging port within {LAUNCH_TIMEOUT_S:g} s"
            raise BrowserError(
                f"The browser {self._executable} did not start ({why[:200]}): run `browserconc doctor`."
            ) from problem
        context = browser.contexts[0]
        self._processes[context] = process
        return context, netlog

    async def browser(self) -> tuple[Browser, Path | None]:
        """A browser that keeps no user-data-dir is one of Playwright's."""
        raise BrowserError("A stock browser has a user-data-dir: leave browsers out with --stock-switches.")

    def finish(self, secret_headers: Collection[str] = ()) -> None:
        """Ends what is left, which completes its NetLog, and takes out of the logs what is secret."""
        for process in self._processes.values():
            self._household.stop(process, CLOSE_TIMEOUT_S)
        self._processes.clear()
        for path in self._logs.glob("netlog-*.json") if self._logs else ():
            strip_credentials(path, secret_headers)


async def _port(file: Path, process: Process) -> int:
    """The debugging port, once the browser has written it down."""
    while process.poll() is None:
        if file.exists() and "\n" in (text := file.read_text(encoding="utf-8")):
            return int(text.split("\n", 1)[0])
        await asyncio.sleep(0.05)
    raise DriverError("it ended at once")
