"""One browser process and user-data-dir per tab: the thread's several Chrome users."""

from __future__ import annotations

from browserconc.lab.browser import Browsers
from browserconc.lab.strategy import Strategy, same_url

STRATEGY = Strategy(
    name="user-data-dirs",
    what="one browser process and user-data-dir per tab, same URL",
    release="navigate",
    address=same_url,
    open=Browsers.user_data_dir_tabs,
)
