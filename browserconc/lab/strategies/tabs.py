"""Tabs of one user-data-dir, as in everyday Chrome: what people do when they test a server by hand."""

from __future__ import annotations

from browserconc.lab.browser import Browsers
from browserconc.lab.strategy import Strategy, same_url

STRATEGY = Strategy(
    name="tabs",
    what="tabs of one user-data-dir, same URL",
    release="navigate",
    address=same_url,
    open=Browsers.everyday_tabs,
)
