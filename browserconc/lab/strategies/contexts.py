"""One isolated context per tab inside one browser: cache and sockets are not shared."""

from __future__ import annotations

from browserconc.lab.browser import Browsers
from browserconc.lab.strategy import Strategy, same_url

STRATEGY = Strategy(
    name="contexts",
    what="one isolated browser context per tab, same URL",
    release="navigate",
    address=same_url,
    open=Browsers.isolated_tabs,
)
