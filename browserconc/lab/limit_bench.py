"""What a measurement of a limit works with: pages of the browser at hand, and requests that are held.

Each measurement counts what reaches a `HoldingServer` while nothing is answered. So it needs no clock,
no log and no protocol of the browser's: every browser that is driven can be measured.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from browserconc.lab.browser import BrowserContext, BrowserError, Browsers, Page
from browserconc.lab.certificate import Certificate
from browserconc.lab.holding_server import HoldingServer
from browserconc.lab.process import Household
from browserconc.model.limit import Reading
from browserconc.model.plan import BrowserChoice

PAGE_TIMEOUT_S = 15.0
ARRIVING_S = 8.0
_FETCH = "([urls, options]) => { for (const url of urls) fetch(url, options).catch(() => 0); }"


@dataclass(frozen=True, slots=True)
class Bench:
    """The browser at hand, and the certificate that it was told to trust (None: none could be made).

    `choice` is which browser that is, `household` where one more of it may be started.
    """

    browsers: Browsers
    certificate: Certificate | None
    choice: BrowserChoice
    household: Household

    @asynccontextmanager
    async def context(self, **options: Any) -> AsyncIterator[BrowserContext]:
        """An isolated context with Playwright's options; closed afterwards, and all its requests with it."""
        context = await self.browsers.new_context(**options)
        try:
            yield context
        finally:
            await context.close()

    @asynccontextmanager
    async def page(self, origin: str, **options: Any) -> AsyncIterator[Page]:
        """A page of that origin in an isolated context of its own."""
        async with self.context(**options) as context:
            yield await loaded(context, origin)

    @asynccontextmanager
    async def as_users_start_it(self) -> AsyncIterator[Browsers]:
        """One more of this browser, without the driver's switches."""
        if self.choice.is_remote:
            raise BrowserError("It takes a browser that is started for it; this one runs already.")
        choice = replace(self.choice, stock_switches=True)
        async with AsyncExitStack() as stack:
            try:
                browsers = await stack.enter_async_context(Browsers(self.household, choice, netlogs=None))
            except BrowserError as problem:
                raise BrowserError("Only Chromium is started without the driver's switches.") from problem
            yield browsers


@dataclass(frozen=True, slots=True)
class Measurement:
    """How one limit is measured, and what is said of it.

    `published` is what others publish, `repeats` how often it is read in full, `quick_repeats` if quick,
    `quick` whether it is read at all then, and `aside` whether it mostly waits, so that others may run
    meanwhile. `drawn` tells that browsers are known to draw it at random, so that readings differ.
    """

    id: str
    unit: str
    published: str
    consequence: str
    measure: Callable[[Bench], Awaitable[Reading]]
    repeats: int = 3
    quick: bool = True
    quick_repeats: int = 1
    aside: bool = False
    drawn: bool = False


async def loaded(context: BrowserContext, origin: str) -> Page:
    """A page of that origin."""
    page = await context.new_page()
    await page.goto(f"{origin}/page", timeout=PAGE_TIMEOUT_S * 1000)
    return page


async def fetch(page: Page, urls: Sequence[str], **options: str) -> None:
    """Makes the page fetch them all at once; nobody waits for the answers."""
    await page.evaluate(_FETCH, [list(urls), options])


async def counted(server: HoldingServer, asked: int, quiet_s: float = 0.35) -> Reading:
    """How many of those that were asked for are held at once; None where all are."""
    held = await server.settled(asked, ARRIVING_S, quiet_s)
    return Reading(held if held < asked else None, asked)


def distinct(origin: str, count: int) -> list[str]:
    """So many addresses of one origin."""
    return [f"{origin}/hold?{index}" for index in range(count)]
