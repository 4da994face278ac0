"""One browser process per tab, with nothing kept on disk."""

from __future__ import annotations

from browserconc.lab.browser import Browsers
from browserconc.lab.strategy import Strategy, same_url

STRATEGY = Strategy(
    name="browsers",
    what="one browser process per tab, same URL",
    release="navigate",
    address=same_url,
    open=Browsers.browser_tabs,
)
