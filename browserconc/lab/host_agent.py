"""One host's share of a trial, run in that host's Dask worker: its own loop, Playwright and household.

The functions at the end are what the coordinator (`hosts.py`) sends for; each is a task on this one
worker. What they return are raw events under this host's own clock.
"""

from __future__ import annotations

import asyncio
import os
import platform
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psutil

from browserconc import __version__
from browserconc.evidence import client
from browserconc.evidence.client import ClientLine
from browserconc.lab import machine_load, release
from browserconc.lab.browser import BrowserError, Browsers, Tabs
from browserconc.lab.perform import perform
from browserconc.lab.process import Household, ProcessError
from browserconc.lab.process_tree import browser_cpu_ns, browser_memory_bytes
from browserconc.lab.start_instant import hold_until
from browserconc.lab.strategies import STRATEGIES, raw_socket
from browserconc.lab.workloads import WORKLOADS
from browserconc.model.plan import BrowserChoice

CLOSING_S = 30.0
ARMING_S = 120.0

_T = TypeVar("_T")


class AgentError(Exception):
    """This host cannot do its share: one sentence."""


@dataclass(frozen=True, slots=True)
class Host:
    """What a host is. `memory_bytes` is all of it."""

    version: str
    platform: str
    cpus: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a trial that one host does: requests `first` to `first + len(urls) - 1`."""

    strategy: str
    urls: tuple[str, ...]
    first: int
    timeout_s: float


@dataclass(slots=True)
class Flown:
    """What a host saw of its share, in ns of its own clock."""

    lines: list[ClientLine]
    gates: list[str] = field(default_factory=list)
    netlogs: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    startup_ns: int | None = None
    cpu_ns: int | None = None
    memory_bytes: int | None = None


class Agent:
    """The household and the browsers of one run on this host, and the loop that they live in."""

    def __init__(self, choice: BrowserChoice | None, netlogs: bool) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browserconc-agent", daemon=True)
        self._thread.start()
        self._household = Household()
        self._folder = self._household.folder("recording")
        self._browsers: Browsers | None = None
        self._flight: Future[Flown] | None = None
        self._armed = threading.Event()
        self._start_ns: asyncio.Future[int] | None = None
        if choice is not None:
            try:
                browsers = Browsers(self._household, choice, netlogs=self._folder if netlogs else None)
                self._browsers = self._call(browsers.__aenter__(), ARMING_S)
            except BaseException:
                self.close()
                raise

    def arm(self, share: Share) -> None:
        """Brings this share to where a word lets it go.

        Raises:
            AgentError: it did not get there.
        """
        self._armed.clear()
        self._flight = asyncio.run_coroutine_threadsafe(self._fly(share), self._loop)
        deadline = time.monotonic() + ARMING_S
        while not self._armed.wait(0.05):
            if self._flight.done():
                self._flight.result()
                raise AgentError("The share was over before it was let go.")
            if time.monotonic() > deadline:
                self._flight.cancel()
                raise AgentError(f"Its tabs were not ready within {ARMING_S:g} s.")

    def go(self, at_ns: int, timeout_s: float) -> Flown:
        """Lets the share go at that instant of this host's clock, and waits for its last answer."""
        assert self._flight
        assert self._start_ns
        self._loop.call_soon_threadsafe(self._start_ns.set_result, at_ns)
        try:
            return self._flight.result(timeout_s)
        except TimeoutError:
            self._flight.cancel()
            raise AgentError(f"Its share was not over within {timeout_s:g} s.") from None

    def close(self) -> dict[str, bytes]:
        """Ends everything; gives the browsers' logs, which are complete only now."""
        if self._flight and not self._flight.done():
            self._flight.cancel()
        logs: dict[str, bytes] = {}
        try:
            if self._browsers:
                with suppress(TimeoutError):
                    self._call(self._browsers.close(), CLOSING_S)
            logs = {path.name: path.read_bytes() for path in self._folder.glob("*.json")}
        finally:
            self._household.close()
            self._loop.call_soon_threadsafe(self._loop.stop)
        return logs

    def _call(self, work: Coroutine[Any, Any, _T], timeout_s: float) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    async def _fly(self, share: Share) -> Flown:
        self._start_ns = self._loop.create_future()
        strategy = STRATEGIES[share.strategy]
        if strategy.open is None:
            self._armed.set()
            return await self._raw(share, await self._start_ns)
        assert self._browsers
        tabs = await strategy.open(self._browsers, len(share.urls))
        try:
            return await self._browse(share, tabs)
        finally:
            for after in tabs.after_trial:
                await after()
            tabs.after_trial.clear()
            await tabs.close()

    async def _raw(self, share: Share, at_ns: int) -> Flown:
        before = machine_load.Reading.take()
        out = self._folder / f"{time.monotonic_ns()}-{client.FILE}"
        await raw_socket.measure(
            self._household,
            urls=list(share.urls),
            mode="cold",
            timeout_s=share.timeout_s,
            out=out,
            at_ns=at_ns,
        )
        return Flown(client.read(out), facts=machine_load.Reading.take().since(before))

    async def _browse(self, share: Share, tabs: Tabs) -> Flown:
        gates: list[str] = []
        before, cpu_before = machine_load.Reading.take(), browser_cpu_ns()
        urls = list(share.urls)
        if STRATEGIES[share.strategy].release == "fetch":
            released = await perform(
                tabs.pages[:1], urls, WORKLOADS["fetch"], share.timeout_s, _nothing, self._starts
            )
        else:
            released = await release.navigate(
                tabs.pages,
                urls,
                share.timeout_s,
                _nothing,
                [],
                gates,
                start=self._starts,
                first=share.first,
            )
        return Flown(
            released.lines,
            gates,
            [path.name for path in tabs.logs],
            {**machine_load.Reading.take().since(before), "browser": tabs.identity()},
            tabs.startup_ns,
            max(0, browser_cpu_ns() - cpu_before),
            browser_memory_bytes(but=tabs.processes_before),
        )

    async def _starts(self) -> None:
        """Says that all is ready, and comes back at the agreed instant."""
        assert self._start_ns is not None
        self._armed.set()
        await self._loop.run_in_executor(None, hold_until, await self._start_ns)


def _nothing() -> None:
    """Nobody follows how many are done: asking a host would disturb it."""


_agents: dict[str, Agent] = {}
"""By run: what lives in this worker's process between two tasks."""


def clock() -> int:
    """This host's monotonic clock, in ns."""
    return time.monotonic_ns()


def enter(run: str, choice: BrowserChoice | None, netlogs: bool) -> Host | str:
    """Begins a run on this host; the sentence that says why it cannot."""
    try:
        _agents[run] = Agent(choice, netlogs)
    except (BrowserError, ProcessError) as problem:
        return str(problem)
    return Host(__version__, platform.platform(), os.cpu_count() or 1, psutil.virtual_memory().total)


def arm(run: str, share: Share) -> str | None:
    """None where the share is ready to go; else the sentence that says why not."""
    return _told(lambda: _agents[run].arm(share))


def go(run: str, at_ns: int, timeout_s: float) -> Flown | str:
    """What was seen, or the sentence that says why nothing was."""
    return _told(lambda: _agents[run].go(at_ns, timeout_s))


def leave(run: str) -> dict[str, bytes]:
    """Ends the run on this host; gives its browsers' logs by file name."""
    agent = _agents.pop(run, None)
    return agent.close() if agent else {}


def _told(doing: Callable[[], _T]) -> _T | str:
    try:
        return doing()
    except (AgentError, BrowserError, ProcessError, raw_socket.RawClientError) as problem:
        return str(problem)
    except OSError as problem:
        return f"Its files or sockets failed ({problem.strerror or problem})."
