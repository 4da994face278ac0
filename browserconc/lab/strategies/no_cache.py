"""The everyday tabs with the HTTP cache disabled over CDP, as DevTools' checkbox does."""

from __future__ import annotations

from browserconc.lab.browser import Browsers, Tabs
from browserconc.lab.strategy import Strategy, same_url


async def _without_cache(browsers: Browsers, count: int) -> Tabs:
    tabs = await browsers.everyday_tabs(count)
    await browsers.disable_cache(tabs)
    return tabs


STRATEGY = Strategy(
    name="no-cache",
    what="tabs of one user-data-dir with the HTTP cache disabled, same URL",
    release="navigate",
    address=same_url,
    open=_without_cache,
)
