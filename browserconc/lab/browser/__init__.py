"""The only door to Playwright: browsers, contexts and tabs, opened before a trial and closed after."""

from browserconc.lab.browser.browsers import Browsers
from browserconc.lab.browser.driver import BrowserError, DriverError, DriverTimeout, Page, first_line
from browserconc.lab.browser.tabs import Tabs

__all__ = ["BrowserError", "Browsers", "DriverError", "DriverTimeout", "Page", "Tabs", "first_line"]
