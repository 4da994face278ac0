"""Browsers that others started, of several addresses, each connected to when one more is asked for.

A debugging port leads to one browser. `playwright run-server` starts one for each connection; a server of
`browserType.launchServer()` gives all its connections the same one. Which it is shows in Chromium's
contexts: whoever is connected to a browser sees the ids of all that were opened in it (CDP's
Target.getBrowserContexts).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import combinations
from pathlib import Path

from browserconc.lab.browser import remote
from browserconc.lab.browser.driver import (
    Browser,
    BrowserError,
    DriverError,
    Playwright,
    marked,
    quietly,
    started,
)
from browserconc.lab.browser.pool import Pool
from browserconc.lab.browser.remote import CdpBrowser, ServedBrowser
from browserconc.lab.process import Household
from browserconc.lab.proxy import Proxy
from browserconc.model.plan import BrowserChoice

ANSWER_TIMEOUT_S = 10.0


class RemoteBrowsers:
    """Deals the browsers to the addresses in turn; each address is a `BrowserChoice` that is remote."""

    is_ours = False

    def __init__(self, playwright: Playwright, choices: Sequence[BrowserChoice]) -> None:
        """Connects to nothing yet."""
        self._places = [_Place(playwright, choice) for choice in choices]
        self._dealing = asyncio.Lock()

    async def most(self) -> int | None:
        """How many browsers there are at most, None for no end; leaves none open.

        Raises:
            BrowserError: one of the addresses gives none, or two of them lead to the same browser.
        """
        tried: list[tuple[_Place, Browser]] = []
        try:
            for place in self._places:
                for _ in range(1 if place.most else 2):
                    tried.append((place, await place.connect()))
            seen = [(place, await _contexts(browser)) for place, browser in tried]
            for (one, mine), (other, others) in combinations(seen, 2):
                if not mine & others:
                    continue
                if one is not other:
                    raise BrowserError(
                        f"{one.name} and {other.name} are two ways to one browser: give only one of them."
                    )
                one.most = 1
        finally:
            await asyncio.gather(*(quietly(browser.close()) for _, browser in tried))
        each = [place.most for place in self._places]
        return None if None in each else sum(most or 0 for most in each)

    async def browser(self) -> tuple[Browser, Path | None]:
        """One more, at the address with the fewest of ours; there is no log of it.

        Raises:
            BrowserError: there is no more.
        """
        async with self._dealing:
            free = [place for place in self._places if place.has_room()]
            if not free:
                raise BrowserError("All browsers at these addresses are in use already.")
            return await min(free, key=_Place.connections).connect(), None


class _Place:
    """One address; `most` is how many browsers it gives at once, None for no end."""

    def __init__(self, playwright: Playwright, choice: BrowserChoice) -> None:
        address = remote.address(choice)
        self.name = remote.bare(address)
        self.most: int | None = 1 if choice.cdp else None
        self._way = (
            CdpBrowser(playwright, address) if choice.cdp else ServedBrowser(playwright, address, choice)
        )
        self._open: list[Browser] = []

    def connections(self) -> int:
        """How many of our browsers are open there."""
        self._open = [browser for browser in self._open if browser.is_connected()]
        return len(self._open)

    def has_room(self) -> bool:
        return self.most is None or self.connections() < self.most

    async def connect(self) -> Browser:
        browser = await self._way.connected()
        self._open.append(browser)
        return browser


@asynccontextmanager
async def remote_pool(
    household: Household, choices: Sequence[BrowserChoice], proxies: Sequence[Proxy] = ()
) -> AsyncIterator[tuple[Pool, int | None]]:
    """An empty pool of browsers that others started, and how many it can have, None for no end.

    Its contexts and tabs are closed again; what runs without us goes on.

    Raises:
        BrowserError: one of the addresses leads to no browser.
    """
    with marked(household, {}):
        playwright = await started()
    try:
        source = RemoteBrowsers(playwright, choices)
        here = all(remote.is_on_this_machine(remote.address(choice)) for choice in choices)
        pool = Pool(source, proxies, is_here=here)
        try:
            yield pool, await source.most()
        finally:
            await pool.close()
    finally:
        await quietly(playwright.stop())


async def _contexts(browser: Browser) -> frozenset[str]:
    """The ids of all contexts in it, of which one is this connection's; none of a browser without CDP."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await browser.new_context()
            session = await browser.new_browser_cdp_session()
            told = await session.send("Target.getBrowserContexts")
            await session.detach()
    except (DriverError, TimeoutError):
        return frozenset()
    return frozenset(told["browserContextIds"])
