"""What a browser is called, for recordings without a log of its own."""

from __future__ import annotations

from typing import Any

from browserconc.lab.browser.driver import Browser, BrowserContext, BrowserError
from browserconc.lab.process_tree import browser_command_line


def browser_of(context: BrowserContext) -> Browser:
    """The browser that a context lives in.

    Raises:
        BrowserError: The driver does not say.
    """
    browser = context.browser
    if browser is None:
        raise BrowserError("This Playwright does not open isolated contexts beside a user-data-dir.")
    return browser


def identity_of(context: BrowserContext) -> dict[str, Any]:
    """Name, version, path and switches of the browser that a context lives in."""
    return identity(browser_of(context))


def identity(browser: Browser) -> dict[str, Any]:
    """Name, version, path and switches."""
    path, *words = browser_command_line() or [""]
    return {
        "name": browser.browser_type.name.capitalize(),
        "version": browser.version,
        "path": path,
        "switches": [word for word in words if word.startswith("--")],
    }
