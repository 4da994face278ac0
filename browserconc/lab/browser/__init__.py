"""The only door to Playwright: browsers, contexts and tabs, opened before a trial and closed after."""

from browserconc.lab.browser.browsers import Browsers
from browserconc.lab.browser.driver import (
    BrowserContext,
    BrowserError,
    DriverError,
    DriverTimeout,
    Page,
    first_line,
)
from browserconc.lab.browser.identity import identity_of
from browserconc.lab.browser.tabs import Tabs
from browserconc.lab.browser.visitor import Visitor

__all__ = [
    "BrowserContext",
    "BrowserError",
    "Browsers",
    "DriverError",
    "DriverTimeout",
    "Page",
    "Tabs",
    "Visitor",
    "first_line",
    "identity_of",
]
