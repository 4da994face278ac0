"""`browserconc tune`: the analysis asks for windows, the lab measures them, an advice comes out.

`analysis/tune.py` is the search; it only ever sees `Ask` and `Window`. Whoever can run an `Ask` can
serve it: this machine (`Here`), or others.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import platform
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

import psutil

from browserconc import __version__
from browserconc.analysis import steady_state, tune_advice
from browserconc.analysis.tune import tune as search
from browserconc.analysis.tune_advice import Seen
from browserconc.analysis.tune_rehearsal import rehearse
from browserconc.evidence import browser_logs
from browserconc.evidence.log_file import LogError
from browserconc.evidence.secrets import masked
from browserconc.explanation import Choice, explain
from browserconc.lab import leave
from browserconc.lab.browser.pool import pool_of
from browserconc.lab.crawl import Crawl
from browserconc.lab.memory_pressure import Gauge
from browserconc.lab.process import Household
from browserconc.lab.servers import parse, start
from browserconc.model.finding import BrowserFacts, Environment
from browserconc.model.plan import BrowserChoice
from browserconc.model.tuning import Advice, Ask, Ceiling, Setting, Tuning, Window
from browserconc.report import tune_plan

SERVER = "gevent"
"""The built-in pages come from one process that holds any number of requests at once."""
SITES = 50
BUILT_IN = "/page?resources=5&delay=0.1"


class Told(Protocol):
    """Who is told how the search comes along."""

    def trial_started(self, id: str, strategy: str, tabs: int, expected_s: float | None = None) -> None:
        """A window begins."""

    def trial_ended(self, id: str, text: str) -> None:
        """It is over."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be loaded, and how: no `urls` means our own pages.

    `timeout_s` bounds one page. `path` is the address of our own pages. `allowed`: the user may load hosts
    of others.
    """

    urls: tuple[str, ...] = ()
    browser: BrowserChoice = field(default_factory=BrowserChoice)
    ceiling: Ceiling = field(default_factory=Ceiling)
    timeout_s: float = 15.0
    path: str = BUILT_IN
    allowed: bool = False


@dataclass(slots=True)
class Found:
    """What is known so far; a search that is interrupted leaves what it had."""

    begun_ns: int = field(default_factory=time.monotonic_ns)
    seen: list[Seen] = field(default_factory=list)
    advice: Advice | None = None
    browser: BrowserFacts | None = None


async def tune(wanted: Wanted, told: Told, found: Found) -> None:
    """Runs the whole search on this machine.

    Raises:
        BrowserError: there is no browser, or it does not start.
        LeaveError: an address must not be loaded.
        ServerError: our own pages cannot be served.
        ProcessError: nothing can be started.
    """
    wanted = await permitted(wanted)
    with Household() as household:
        async with Here(household, wanted, found) as here:
            asking = search(Setting(), wanted.ceiling)
            try:
                ask = next(asking)
                while True:
                    told.trial_started(_id(ask, found), _name(ask), ask.setting.total, ask.window_ns / 1e9)
                    window = await here.run(ask)
                    found.seen.append((ask, window))
                    told.trial_ended(_id(ask, found, -1), _said(window))
                    ask = asking.send(window)
            except StopIteration as end:
                found.advice = end.value


class Here:
    """This machine: runs what is asked for, in browsers of its own; an asynchronous context manager."""

    def __init__(self, household: Household, wanted: Wanted, found: Found) -> None:
        """Starts nothing yet."""
        self._household = household
        self._wanted = wanted
        self._found = found
        self._stack = AsyncExitStack()
        self._since_ns = found.begun_ns

    async def __aenter__(self) -> Self:
        try:
            next_url = await self._addresses()
            self._pool = await self._stack.enter_async_context(pool_of(self._household, self._wanted.browser))
            ceiling, timeout_s = self._wanted.ceiling, self._wanted.timeout_s
            self._crawl = Crawl(self._pool, next_url, Gauge.now(), ceiling.rate, timeout_s)
            await self._follow_redirects()
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
        trace = self._household.root / "observed.pftrace"
        window = steady_state.window(await self._crawl.window(ask, trace), 0)
        if ask.observed and trace.exists():
            window = replace(window, waiting=await asyncio.to_thread(_waiting, trace))
        now_ns = time.monotonic_ns()
        took_ns, self._since_ns = now_ns - self._since_ns, now_ns
        if self._found.browser is None:
            self._found.browser = self._facts()
        return replace(window, took_ns=took_ns)

    async def _follow_redirects(self) -> None:
        """Loads an address of each host once: who redirects to a host of others needs their leave, too."""
        by_host = {urlsplit(url).netloc: url for url in self._wanted.urls}
        landed = [await self._crawl.landing(url) for url in by_host.values()]
        elsewhere = [url for url in landed if urlsplit(url).netloc not in by_host]
        await leave.ask(elsewhere, allowed=self._wanted.allowed)

    async def _addresses(self) -> Callable[[bool], str]:
        if self._wanted.urls:
            urls = itertools.cycle(self._wanted.urls)
            return lambda many_sites: next(urls)
        running = await start(self._household, parse(SERVER), self._household.folder("server"))
        self._stack.push_async_callback(running.stop)
        numbers = itertools.count()

        def own(many_sites: bool) -> str:
            n = next(numbers)
            # Every name below .localhost is this machine (RFC 6761), and a site of its own.
            host = f"site-{n % SITES}.localhost" if many_sites else "127.0.0.1"
            return f"http://{host}:{running.port}{self._wanted.path}&name={n}"

        return own

    def _facts(self) -> BrowserFacts | None:
        known = self._pool.identity()
        if known is None:
            return None
        headless = not self._wanted.browser.headed
        return BrowserFacts(
            known["name"], known["version"], known["path"], headless, browser_logs.lasting(known["switches"])
        )


def plan(wanted: Wanted) -> str:
    """What a search like this would measure, as text; nothing is run."""
    rehearsed = rehearse(wanted.ceiling, os.cpu_count() or 1, Gauge.now().read().headroom_bytes)
    return tune_plan.render(_target(wanted), [(one.ask, one.took_ns, one.memory_bytes) for one in rehearsed])


async def permitted(wanted: Wanted) -> Wanted:
    """The same, with the rate that the hosts of its addresses allow.

    Raises:
        LeaveError: one of them must not be loaded.
    """
    if not wanted.urls:
        return wanted
    rate = await leave.ask(wanted.urls, allowed=wanted.allowed)
    rates = [each for each in (rate, wanted.ceiling.rate) if each is not None]
    return replace(wanted, ceiling=replace(wanted.ceiling, rate=min(rates, default=None)))


def tuning(wanted: Wanted, found: Found, *, interrupted: bool = False) -> Tuning:
    """All that is known, with where it was measured."""
    environment = Environment(
        browserconc=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cpus=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        browser=found.browser,
    )
    advice = found.advice or tune_advice.advise(found.seen, wanted.ceiling)
    took_ns = time.monotonic_ns() - found.begun_ns
    return Tuning(
        environment, _target(wanted), wanted.ceiling.goal, took_ns, _with_doubts(advice, wanted), interrupted
    )


def _with_doubts(advice: Advice, wanted: Wanted) -> Advice:
    if len(set(wanted.urls)) != 1:
        return advice
    doubt = (
        "There was one address, loaded again and again: tabs of one context then wait for each other at its "
        "entry of the HTTP cache, which different pages do not. A file of addresses shows what a crawl meets."
    )
    return replace(advice, doubts=(*advice.doubts, doubt))


def _target(wanted: Wanted) -> str:
    if not wanted.urls:
        return "the built-in page (five sub-resources, 0.1 s each)"
    return masked(wanted.urls[0]) if len(wanted.urls) == 1 else f"{len(wanted.urls)} addresses"


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


def _id(ask: Ask, found: Found, shift: int = 0) -> str:
    return f"{len(found.seen) + shift}"


def _name(ask: Ask) -> str:
    return f"{ask.setting} {ask.purpose}"


def _said(window: Window) -> str:
    text = f"{window.pages_per_s:.1f} pages/s"
    return f"{text}, {window.errors} failed" if window.errors else text


__all__ = ["Found", "Here", "Told", "Wanted", "plan", "tune", "tuning"]
