"""Tabs with the HTTP cache off, as DevTools' checkbox does it."""

from __future__ import annotations

from browserconc.lab.browser import Browsers
from browserconc.lab.strategy import Strategy, same_url

STRATEGY = Strategy(
    name="no-cache",
    what="tabs of one user-data-dir with the HTTP cache disabled, same URL",
    release="navigate",
    address=same_url,
    open=Browsers.uncached_tabs,
)
