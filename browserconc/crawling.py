"""Who can measure the windows that `tune` asks for: this machine (`Here`) or others (`OnHosts`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from browserconc.analysis import steady_state
from browserconc.analysis.hosts_together import together
from browserconc.analysis.tune_points import Seen
from browserconc.evidence import browser_logs
from browserconc.evidence.log_file import LogError
from browserconc.explanation import Choice, explain
from browserconc.lab import leave
from browserconc.lab.browser.pool import pool_of
from browserconc.lab.browser.remote_browsers import remote_pool
from browserconc.lab.crawl import Crawl
from browserconc.lab.crawl_addresses import LOOPBACK, Addresses
from browserconc.lab.crawl_agent import CrawlAgent
from browserconc.lab.crawl_on_hosts import CrawlOnHosts, refuse_each_ones_own
from browserconc.lab.hosts import Hosts
from browserconc.lab.memory_pressure import Gauge
from browserconc.lab.process import Household
from browserconc.lab.proxy import Proxy
from browserconc.lab.reach import TargetError, locate
from browserconc.lab.servers import parse, start
from browserconc.model.finding import BrowserFacts
from browserconc.model.plan import BrowserChoice, Cluster
from browserconc.model.tuning import Advice, Ask, Ceiling, HostFacts, Window

SERVER = "gevent"
"""The built-in pages come from one process that holds any number of requests at once."""
BUILT_IN = "/page?resources=5&delay=0.1"
TRACE = "observed.pftrace"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be loaded, and how: no `urls` means our own pages.

    `timeout_s` bounds one page. `path` is the address of our own pages. `allowed`: the user may load hosts
    of others. Each context has one of `proxies`, if there are any. With a `cluster` every host of it loads
    alike, else this machine does. With `remotes` the browsers are those that others started, which these
    choices lead to, in place of `browser`.
    """

    urls: tuple[str, ...] = ()
    browser: BrowserChoice = field(default_factory=BrowserChoice)
    ceiling: Ceiling = field(default_factory=Ceiling)
    timeout_s: float = 15.0
    path: str = BUILT_IN
    allowed: bool = False
    proxies: tuple[Proxy, ...] = ()
    cluster: Cluster | None = None
    remotes: tuple[BrowserChoice, ...] = ()


@dataclass(slots=True)
class Found:
    """What is known so far; a search that is interrupted leaves what it had.

    `lost` says why it ended early if a host, or a browser that does not start again, was lost.
    """

    begun_ns: int = field(default_factory=time.monotonic_ns)
    seen: list[Seen] = field(default_factory=list)
    advice: Advice | None = None
    browser: BrowserFacts | None = None
    hosts: tuple[HostFacts, ...] = ()
    lost: str | None = None


class Crawler(Protocol):
    """Serves the search; an asynchronous context manager.

    `most_browsers` is how many a setting may have, None for no end; it is known once this was entered.
    """

    most_browsers: int | None

    async def __aenter__(self) -> Self:
        """Opens what lives from window to window."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes all of it."""

    async def run(self, ask: Ask) -> Window:
        """Measures one window; its cost includes whatever was started since the last one."""


def crawler(household: Household, wanted: Wanted, found: Found) -> Crawler:
    """The one that this search needs."""
    return (OnHosts if wanted.cluster else Here)(household, wanted, found)


class Here:
    """This machine: runs what is asked for, in browsers of its own or those that others started."""

    most_browsers: int | None = None

    def __init__(self, household: Household, wanted: Wanted, found: Found) -> None:
        """Starts nothing yet."""
        self._household = household
        self._wanted = wanted
        self._found = found
        self._stack = AsyncExitStack()
        self._since_ns = found.begun_ns

    async def __aenter__(self) -> Self:
        wanted = self._wanted
        try:
            addresses = await _addresses(self._household, wanted, self._stack, LOOPBACK)
            if wanted.remotes:
                opening = remote_pool(self._household, wanted.remotes, wanted.proxies)
                self._pool, self.most_browsers = await self._stack.enter_async_context(opening)
                self._since_ns = time.monotonic_ns()  # the budget is the search's, not that of finding them
            else:
                self._pool = await self._stack.enter_async_context(
                    pool_of(self._household, wanted.browser, wanted.proxies)
                )
            rate, timeout_s = wanted.ceiling.rate, wanted.timeout_s
            self._crawl = Crawl(self._pool, addresses.supply(), Gauge.now(), rate, timeout_s)
            await _follow_redirects(wanted, self._landing)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def run(self, ask: Ask) -> Window:
        """Measures one window; its cost includes whatever was started since the last one.

        Raises:
            BrowserError: the browser does not start.
        """
        trace = self._household.root / TRACE
        window = steady_state.window(await self._crawl.window(ask, trace), 0)
        if ask.observed and trace.exists():
            window = replace(window, waiting=await asyncio.to_thread(_waiting, trace))
        self._found.browser = self._found.browser or _facts(self._pool.identity(), self._wanted)
        now_ns = time.monotonic_ns()
        took_ns, self._since_ns = now_ns - self._since_ns, now_ns
        return replace(window, took_ns=took_ns)

    async def _landing(self, url: str) -> list[str]:
        return [await self._crawl.landing(url)]


class OnHosts:
    """The hosts of a cluster, all alike and at once; our own pages are served from here."""

    most_browsers: int | None = None

    def __init__(self, household: Household, wanted: Wanted, found: Found) -> None:
        """Connects to nothing yet."""
        self._household = household
        self._wanted = wanted
        self._found = found
        self._stack = AsyncExitStack()
        self._since_ns = found.begun_ns

    async def __aenter__(self) -> Self:
        wanted = self._wanted
        assert wanted.cluster
        agent = (CrawlAgent, wanted.browser, wanted.proxies)
        try:
            entered = Hosts(self._household, wanted.cluster, *agent, serving=not wanted.urls)
            hosts = await self._stack.enter_async_context(entered)
            try:
                for url in _one_of_each_host(wanted):
                    refuse_each_ones_own(await locate(url), hosts)
            except TargetError as problem:
                raise leave.LeaveError(str(problem)) from problem
            addresses = await _addresses(self._household, wanted, self._stack, hosts.listen)
            self._crawl = CrawlOnHosts(hosts)
            self._since_ns = time.monotonic_ns()  # the budget is the search's, not that of starting workers
            await self._crawl.begin(addresses, wanted.ceiling.rate, wanted.timeout_s)
            await _follow_redirects(wanted, self._crawl.landing)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def run(self, ask: Ask) -> Window:
        """Measures one window on all hosts.

        Raises:
            HostsError: one of them was lost.
        """
        samples, traced = await self._crawl.window(ask)
        window = together(samples, 0)
        if traced is not None:
            trace = self._household.root / TRACE
            await asyncio.to_thread(trace.write_bytes, traced)
            window = replace(window, waiting=await asyncio.to_thread(_waiting, trace))
        self._found.browser = self._found.browser or _facts(self._crawl.browser, self._wanted)
        self._found.hosts = self._crawl.facts()
        now_ns = time.monotonic_ns()
        took_ns, self._since_ns = now_ns - self._since_ns, now_ns
        return replace(window, took_ns=took_ns)


async def _addresses(household: Household, wanted: Wanted, stack: AsyncExitStack, listen: str) -> Addresses:
    """The user's, or those of a server of ours that is stopped with the stack."""
    if wanted.urls:
        return Addresses(wanted.urls)
    running = await start(household, parse(SERVER), household.folder("server"), address=listen)
    stack.push_async_callback(running.stop)
    return Addresses(host=listen, port=running.port, path=wanted.path)


async def _follow_redirects(wanted: Wanted, landing: Callable[[str], Awaitable[list[str]]]) -> None:
    """Loads an address of each host once: who redirects to a host of others needs their leave, too."""
    asked = _one_of_each_host(wanted)
    landed = [place for url in asked for place in await landing(url)]
    known = {urlsplit(url).netloc for url in asked}
    elsewhere = [url for url in landed if urlsplit(url).netloc not in known]
    await leave.ask(elsewhere, allowed=wanted.allowed)


def _one_of_each_host(wanted: Wanted) -> list[str]:
    return list({urlsplit(url).netloc: url for url in wanted.urls}.values())


def _facts(known: dict[str, Any] | None, wanted: Wanted) -> BrowserFacts | None:
    if known is None:
        return None
    headless = not wanted.browser.headed
    switches = browser_logs.lasting(known["switches"])
    return BrowserFacts(known["name"], known["version"], known["path"], headless, switches)


def _waiting(trace: Path) -> dict[str, float]:
    """Each cause's share of the requests' time, by what the browser said of it; empty if that is nothing."""
    try:
        result = explain(trace, Choice())
    except LogError:
        return {}
    slices = [piece for trial in result.trials for request in trial.requests for piece in request.slices]
    total = sum(piece.duration_ns for piece in slices)
    shares: dict[str, float] = {}
    for piece in slices:
        shares[piece.cause] = shares.get(piece.cause, 0.0) + piece.duration_ns / max(1, total)
    return shares
