"""The same tabs, each with a query of its own: no entry of the HTTP cache is shared."""

from __future__ import annotations

from browserconc.lab.browser import Browsers
from browserconc.lab.strategy import Strategy, distinct_query

STRATEGY = Strategy(
    name="tabs-distinct",
    what="tabs of one user-data-dir, a different query each",
    release="navigate",
    address=distinct_query,
    open=Browsers.everyday_tabs,
)
