"""Which browser a name or path of `--browser` means, and who starts it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from browserconc.lab import installed_browsers
from browserconc.lab.browser.chromium import ChromiumLauncher
from browserconc.lab.browser.driver import BrowserError, Playwright
from browserconc.lab.browser.firefox import FirefoxLauncher
from browserconc.lab.browser.launching import Launcher
from browserconc.lab.browser.remote import CdpBrowser, ServedBrowser
from browserconc.lab.browser.stock import StockLauncher
from browserconc.lab.browser.webkit import WebKitLauncher
from browserconc.lab.process import Household
from browserconc.model.plan import BrowserChoice


async def launcher(
    playwright: Playwright,
    household: Household,
    choice: BrowserChoice,
    logs: Path | None,
    environment: Mapping[str, str],
) -> Launcher:
    """Who starts the chosen browser: Playwright's own download where there is one, else what is installed.

    `logs` is the folder for the browsers' logs, None for none; `environment` what a browser that we start
    ourselves finds in its environment beside ours.

    Raises:
        BrowserError: No such browser starts.
    """
    if choice.cdp:
        return CdpBrowser(playwright, choice.cdp)
    if choice.connect:
        return ServedBrowser(playwright, choice.connect, choice)
    name = choice.name
    if installed_browsers.is_path(name):
        path = Path(name)
        firefox = "firefox" in (await asyncio.to_thread(installed_browsers.version, path)).lower()
    else:
        firefox = name == "firefox"
        engine = {"firefox": playwright.firefox, "webkit": playwright.webkit}.get(name, playwright.chromium)
        own = Path(engine.executable_path)
        if name == "webkit":
            if not own.is_file():
                raise BrowserError("Playwright's WebKit is not installed: run `playwright install webkit`.")
            return WebKitLauncher(playwright, household, choice, own)
        found = await asyncio.to_thread(installed_browsers.find, name, own)
        if found is None:
            raise BrowserError(
                f"No browser {name} was found that starts: run "
                "`browserconc doctor --install-browser`, or give the path of one with --browser."
            )
        path = found
    if choice.stock_switches and firefox:
        raise BrowserError("--stock-switches is about Playwright's switches for Chromium: leave it out.")
    if choice.stock_switches:
        return StockLauncher(playwright, household, choice, path, logs, environment)
    if firefox:
        stock = not installed_browsers.is_playwrights(path)
        return FirefoxLauncher(playwright, household, choice, path, logs, stock=stock)
    return ChromiumLauncher(playwright, household, choice, path, logs)
