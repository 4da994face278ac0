"""One page of the target's origin that calls fetch() n times, each with a query of its own."""

from __future__ import annotations

from browserconc.lab.browser import Browsers, Tabs
from browserconc.lab.strategy import Strategy, distinct_query


async def _one_page(browsers: Browsers, count: int) -> Tabs:
    return await browsers.everyday_tabs(1)


STRATEGY = Strategy(
    name="fetch-distinct",
    what="one page, n fetch() calls, a different query each",
    release="fetch",
    address=distinct_query,
    open=_one_page,
)
