"""One host's share of a trial of `compare`, run in that host's Dask worker.

What it returns are raw events under this host's own clock.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from browserconc.evidence import client
from browserconc.evidence.client import ClientLine
from browserconc.lab import machine_load, release
from browserconc.lab.agent import ARMING_S, CLOSING_S, AgentError, Surroundings
from browserconc.lab.browser import Browsers, Tabs
from browserconc.lab.perform import perform
from browserconc.lab.process_tree import browser_cpu_ns, browser_memory_bytes
from browserconc.lab.strategies import STRATEGIES, raw_socket
from browserconc.lab.workloads import WORKLOADS
from browserconc.model.plan import BrowserChoice


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
    """The browsers of one run on this host."""

    def __init__(self, choice: BrowserChoice | None, netlogs: bool) -> None:
        """Readies the browsers; `choice` is None where no browser is needed.

        Raises:
            BrowserError: there is none.
        """
        self._here = Surroundings()
        self._folder = self._here.household.folder("recording")
        self._browsers: Browsers | None = None
        if choice is not None:
            try:
                browsers = Browsers(self._here.household, choice, netlogs=self._folder if netlogs else None)
                self._browsers = self._here.call(browsers.__aenter__(), ARMING_S)
            except BaseException:
                self.close()
                raise

    def arm(self, share: Share) -> None:
        """Brings this share to where a word lets it go.

        Raises:
            AgentError: it did not get there.
        """
        if not self._here.arm(self._fly(share)):
            raise AgentError("The share was over before it was let go.")

    def go(self, at_ns: int, timeout_s: float) -> Flown:
        """Lets the share go at that instant of this host's clock, and waits for its last answer.

        Raises:
            AgentError: it was not over in time, or the raw client failed.
        """
        try:
            flown: Flown = self._here.go(at_ns, timeout_s)
        except raw_socket.RawClientError as problem:
            raise AgentError(str(problem)) from problem
        return flown

    def close(self) -> dict[str, bytes]:
        """Ends everything; gives the browsers' logs, which are complete only now."""
        self._here.cancel()
        try:
            if self._browsers:
                with suppress(TimeoutError):
                    self._here.call(self._browsers.close(), CLOSING_S)
            return {path.name: path.read_bytes() for path in self._folder.glob("*.json")}
        finally:
            self._here.close()

    async def _fly(self, share: Share) -> Flown:
        strategy = STRATEGIES[share.strategy]
        if strategy.open is None:
            return await self._raw(share, await self._here.ready())
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
            self._here.household,
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
        await self._here.start()


def _nothing() -> None:
    """Nobody follows how many are done: asking a host would disturb it."""
