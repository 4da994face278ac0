"""Tabs of one off-the-record context: incognito windows share one, so they behave like tabs."""

from __future__ import annotations

from browserconc.lab.browser import Browsers
from browserconc.lab.strategy import Strategy, same_url

STRATEGY = Strategy(
    name="incognito",
    what="tabs in one off-the-record context, same URL",
    release="navigate",
    address=same_url,
    open=Browsers.incognito_tabs,
)
