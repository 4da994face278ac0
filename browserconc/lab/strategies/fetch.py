"""One page of the target's origin that calls fetch() n times for the same URL."""

from __future__ import annotations

from browserconc.lab.browser import Browsers, Tabs
from browserconc.lab.strategy import Strategy, same_url


async def _one_page(browsers: Browsers, count: int) -> Tabs:
    return await browsers.everyday_tabs(1)


STRATEGY = Strategy(
    name="fetch",
    what="one page, n fetch() calls, same URL",
    release="fetch",
    address=same_url,
    open=_one_page,
)
