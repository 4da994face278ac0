"""A crawl on many hosts: every one loads the same setting at the same time, each by its own agent.

A window begins on all hosts at one instant, which each is told in its own clock's time, once all of them
have their tabs open and a page loaded in each.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from browserconc.lab.agent import ARMING_S, machine_id
from browserconc.lab.crawl_addresses import Addresses
from browserconc.lab.crawl_agent import CrawlAgent, Crawled
from browserconc.lab.hosts import Clock, Hosts, HostsError
from browserconc.lab.process_tree import tree_cpu_ns
from browserconc.lab.reach import Place
from browserconc.model.crawl import HostSample
from browserconc.model.tuning import Ask, HostFacts

LEAD_NS = 200_000_000
"""How long before the common instant the hosts are told: a message takes milliseconds."""
AFTER_S = 30.0
"""How long after a window its last pages and the reading of the memory may take, beside a page's time-out."""
DRIFT_S = 60.0
"""Clocks are compared again after so long: quartz drifts by up to 0.1 ms a second."""


class CrawlOnHosts:
    """What `Crawl` does, on all hosts at once."""

    def __init__(self, hosts: Hosts) -> None:
        """The hosts have been entered, with `CrawlAgent` on each."""
        self._hosts = hosts
        self._timeout_s = 0.0
        self._clocks: list[Clock] = []
        self._compared_ns = 0
        self.browser: dict[str, Any] | None = None

    async def begin(self, addresses: Addresses, rate: float | None, timeout_s: float) -> None:
        """Gives every host its part of the addresses and of the rate cap."""
        self._timeout_s = timeout_s
        of = len(self._hosts.machines)
        parts = [(addresses.share(n, of), rate and rate / of, timeout_s) for n in range(of)]
        await self._hosts.each(CrawlAgent.begin, parts, ARMING_S)
        await self._compare_clocks()

    async def landing(self, url: str) -> list[str]:
        """Where an address leads from every host, after redirects.

        Raises:
            HostsError: one of them cannot load it.
        """
        machines = self._hosts.machines
        told = await self._hosts.each(CrawlAgent.landing, [(url,)] * len(machines), ARMING_S)
        return [landed for (landed,) in told]

    async def window(self, ask: Ask) -> tuple[list[HostSample], bytes | None]:
        """What every host saw of one window, and the trace of the first one's network where it was asked.

        Raises:
            HostsError: a host was lost: the window is invalid.
        """
        if time.monotonic_ns() - self._compared_ns > DRIFT_S * 1e9:
            await self._compare_clocks()
        machines = self._hosts.machines
        # The others load beside it; one browser's word on what its pages wait for is enough.
        asks = [(replace(ask, observed=ask.observed and number == 0),) for number in range(len(machines))]
        await self._hosts.each(CrawlAgent.arm, asks, ARMING_S)
        at_ns = time.monotonic_ns() + LEAD_NS
        timeout_s = (LEAD_NS + ask.window_ns) / 1e9 + self._timeout_s + AFTER_S
        crawled: Sequence[Crawled]
        crawled, beside_ns = await asyncio.gather(
            self._hosts.each(
                CrawlAgent.go, [(at_ns + clock.offset_ns, timeout_s) for clock in self._clocks], timeout_s
            ),
            self._beside(at_ns, at_ns + ask.window_ns),
        )
        self.browser = self.browser or crawled[0].browser
        ours = machine_id()
        if self._hosts.are_ours:  # then their work is a part of ours
            beside_ns = max(0, beside_ns - sum(one.sample.cpu_ns or 0 for one in crawled))
        return [
            HostSample(
                machine.name,
                machine.host.machine,
                seen.sample,
                clock.offset_ns,
                clock.error_ns,
                beside_ns if machine.host.machine == ours else 0,
            )
            for machine, seen, clock in zip(machines, crawled, self._clocks, strict=True)
        ], crawled[0].trace

    def facts(self) -> tuple[HostFacts, ...]:
        """What the hosts are."""
        return tuple(
            HostFacts(
                machine.name,
                machine.host.platform,
                machine.host.cpus,
                machine.host.memory_bytes,
                clock.offset_ns,
                clock.error_ns,
            )
            for machine, clock in zip(self._hosts.machines, self._clocks, strict=True)
        )

    async def _compare_clocks(self) -> None:
        self._clocks = [await self._hosts.clock(machine) for machine in self._hosts.machines]
        self._compared_ns = time.monotonic_ns()

    async def _beside(self, start_ns: int, end_ns: int) -> int:
        """CPU time of this process and all below it between two instants: our pages' server, and Dask."""
        await asyncio.sleep(max(0, start_ns - time.monotonic_ns()) / 1e9)
        before = tree_cpu_ns(os.getpid())
        await asyncio.sleep(max(0, end_ns - time.monotonic_ns()) / 1e9)
        return max(0, tree_cpu_ns(os.getpid()) - before)


def refuse_each_ones_own(place: Place, hosts: Hosts) -> None:
    """Refuses an address that means another machine on every host.

    Raises:
        HostsError: it is one of loopback, and a host is elsewhere.
    """
    elsewhere = next((machine.name for machine in hosts.machines if not hosts.is_here(machine)), None)
    if place.loopback and elsewhere:
        raise HostsError(
            f"{place.host} is each host's own machine, so {elsewhere} would load its own: give the server's "
            "address in your network."
        )
