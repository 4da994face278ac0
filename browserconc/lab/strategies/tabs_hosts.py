"""The same tabs, each with a host name of its own: no connection group is shared."""

from __future__ import annotations

from browserconc.lab.browser import Browsers
from browserconc.lab.strategy import Strategy, distinct_host

STRATEGY = Strategy(
    name="tabs-hosts",
    what="tabs of one user-data-dir, a different host name each",
    release="navigate",
    address=distinct_host,
    open=Browsers.everyday_tabs,
)
