"""One host's share of a crawl, run in that host's Dask worker: browsers that live from window to window.

What it returns is what was seen, under this host's own clock; nothing is concluded here.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any

from browserconc.lab.agent import ARMING_S, CLOSING_S, Surroundings
from browserconc.lab.browser.pool import pool_of
from browserconc.lab.crawl import Crawl
from browserconc.lab.crawl_addresses import Addresses
from browserconc.lab.memory_pressure import Gauge
from browserconc.lab.proxy import Proxy
from browserconc.model.crawl import Sample
from browserconc.model.plan import BrowserChoice
from browserconc.model.tuning import Ask


@dataclass(frozen=True, slots=True)
class Crawled:
    """One window of one host; `trace` is what its first browser's network stack said, if it was asked."""

    sample: Sample
    trace: bytes | None
    browser: dict[str, Any] | None


class CrawlAgent:
    """The browsers of one search on this host."""

    def __init__(self, browser: BrowserChoice, proxies: tuple[Proxy, ...]) -> None:
        """Readies the driver.

        Raises:
            BrowserError: there is no such browser.
        """
        self._here = Surroundings()
        self._stack = AsyncExitStack()
        self._crawl: Crawl | None = None
        try:
            opening = self._stack.enter_async_context(pool_of(self._here.household, browser, proxies))
            self._pool = self._here.call(opening, ARMING_S)
        except BaseException:
            self.close()
            raise

    def begin(self, addresses: Addresses, rate: float | None, timeout_s: float) -> None:
        """Says what this host loads."""
        self._crawl = Crawl(self._pool, addresses.supply(), Gauge.now(), rate, timeout_s)

    def landing(self, url: str) -> list[str]:
        """Where an address leads, after redirects; in a list, for a text alone would be a refusal.

        Raises:
            BrowserError: it cannot be loaded.
        """
        assert self._crawl
        return [self._here.call(self._crawl.landing(url), ARMING_S)]

    def arm(self, ask: Ask) -> None:
        """Opens the tabs and loads a page in each; they go on until the window is over.

        Raises:
            AgentError: they did not get there.
            BrowserError: the browser does not start.
        """
        self._here.arm(self._window(ask))

    def go(self, at_ns: int, timeout_s: float) -> Crawled:
        """Lets the window begin at that instant of this host's clock, and waits for its end.

        Raises:
            AgentError: it was not over in time.
        """
        crawled: Crawled = self._here.go(at_ns, timeout_s)
        return crawled

    def close(self) -> dict[str, bytes]:
        """Ends everything; there is nothing to keep."""
        self._here.cancel()
        try:
            with suppress(TimeoutError):
                self._here.call(self._stack.aclose(), CLOSING_S)
        finally:
            self._here.close()
        return {}

    async def _window(self, ask: Ask) -> Crawled:
        assert self._crawl
        trace = self._here.household.root / "observed.pftrace"
        trace.unlink(missing_ok=True)
        sample = await self._crawl.window(ask, trace, self._here.start)
        seen = trace.read_bytes() if ask.observed and trace.exists() else None
        return Crawled(sample, seen, self._pool.identity())
