"""`browserconc tune`: the analysis asks for windows, the lab measures them, an advice comes out.

`analysis/tune.py` is the search; it only ever sees `Ask` and `Window`. `crawling.py` has those who can
serve it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from browserconc import this_machine
from browserconc.analysis import tune_advice
from browserconc.analysis.tune import tune as search
from browserconc.analysis.tune_rehearsal import rehearse
from browserconc.crawling import BUILT_IN, Found, Here, Wanted, crawler
from browserconc.evidence.secrets import masked
from browserconc.lab import leave, proxy
from browserconc.lab.browser import BrowserError, remote
from browserconc.lab.dask_cluster import names
from browserconc.lab.hosts import HostsError
from browserconc.lab.memory_pressure import Gauge
from browserconc.lab.process import Household
from browserconc.lab.reach import locate
from browserconc.model.plan import BrowserChoice
from browserconc.model.tuning import Ask, Ceiling, Setting, Tuning, Window
from browserconc.report import tune_plan

UNSURE_NS = 10_000_000


class Told(Protocol):
    """Who is told how the search comes along."""

    def trial_started(self, id: str, strategy: str, tabs: int, expected_s: float | None = None) -> None:
        """A window begins."""

    def trial_ended(self, id: str, text: str) -> None:
        """It is over."""


async def tune(wanted: Wanted, told: Told, found: Found) -> None:
    """Runs the whole search; a host or browser that is lost in the middle of it, for good, ends it.

    Raises:
        BrowserError: there is no browser, or it does not start.
        ClusterError: the hosts cannot be used, or one was lost before anything was measured.
        LeaveError: an address must not be loaded.
        ProxyError: nobody answers there.
        ServerError: our own pages cannot be served.
        ProcessError: nothing can be started.
    """
    wanted = await permitted(wanted)
    with Household() as household:
        async with crawler(household, wanted, found) as crawling:
            asking = search(Setting(), _within(wanted, crawling.most_browsers))
            try:
                ask = next(asking)
                while True:
                    told.trial_started(_id(found), _name(ask), ask.setting.total, ask.window_ns / 1e9)
                    window = await crawling.run(ask)
                    told.trial_ended(_id(found), _said(window))
                    found.seen.append((ask, window))
                    ask = asking.send(window)
            except StopIteration as end:
                found.advice = end.value
            except (HostsError, BrowserError) as problem:
                if not found.seen:
                    raise
                found.lost = (
                    f"{problem} It was while {ask.setting} was measured: that window is invalid and was not "
                    "repeated, and the search ended there."
                )


async def plan(wanted: Wanted) -> str:
    """What a search like this would measure, as text; nothing is run.

    Raises:
        ClusterError: the cluster cannot be asked for its hosts.
    """
    hosts: Sequence[str] = await names(wanted.cluster) if wanted.cluster else ()
    # Workers that we would start share this machine.
    sharing = len(hosts) if wanted.cluster and wanted.cluster.is_ours else 1
    headroom = Gauge.now().read().headroom_bytes
    rehearsed = rehearse(
        replace(_within(wanted, _most_browsers(wanted)), compare_direct=bool(wanted.proxies)),
        max(1, (os.cpu_count() or 1) // sharing),
        None if headroom is None else headroom // sharing,
    )
    rows = [(one.ask, one.took_ns, one.memory_bytes) for one in rehearsed]
    return tune_plan.render(_target(wanted), rows, hosts, _remotes(wanted))


async def permitted(wanted: Wanted) -> Wanted:
    """The same, with the rate that the hosts of its addresses allow.

    Raises:
        LeaveError: one of them must not be loaded.
        ProxyError: nobody answers at a proxy's address.
    """
    for each in wanted.proxies:
        await proxy.connect(each)
    rate = await leave.ask(wanted.urls, allowed=wanted.allowed) if wanted.urls else None
    for choice in wanted.remotes:
        await _refuse_its_own(choice, wanted)
    rates = [each for each in (rate, wanted.ceiling.rate) if each is not None]
    # Others' hosts are never shown the address behind the proxies.
    private = all([(await locate(url)).private for url in set(wanted.urls)])
    direct = bool(wanted.proxies) and private
    ceiling = replace(wanted.ceiling, rate=min(rates, default=None), compare_direct=direct)
    return replace(wanted, ceiling=ceiling)


def tuning(wanted: Wanted, found: Found, *, interrupted: bool = False) -> Tuning:
    """All that is known, with where it was measured."""
    environment = this_machine.environment(found.browser)
    advice = found.advice or tune_advice.advise(found.seen, wanted.ceiling)
    took_ns = time.monotonic_ns() - found.begun_ns
    advice = replace(advice, doubts=(*advice.doubts, *_doubts(wanted, found)))
    return Tuning(
        environment,
        _target(wanted),
        wanted.ceiling.goal,
        took_ns,
        advice,
        interrupted or found.lost is not None,
        found.hosts,
        tuple(each.server for each in wanted.proxies),
        _remotes(wanted),
    )


async def _refuse_its_own(choice: BrowserChoice, wanted: Wanted) -> None:
    """A browser elsewhere would look for an address of loopback on its own machine."""
    address = remote.address(choice)
    if remote.is_on_this_machine(address):
        return
    ours = [masked(url)[:200] for url in wanted.urls if (await locate(url)).loopback]
    ours += [each.server for each in wanted.proxies if remote.is_on_this_machine(each.server)]
    if ours or not wanted.urls:
        what = f"{ours[0]} is" if ours else "our own pages are"
        raise leave.LeaveError(
            f"The browser at {remote.bare(address)} is on another machine, and {what} at this one's loopback "
            "address: give an address that it can reach, or run browserconc beside the browser."
        )


def _remotes(wanted: Wanted) -> tuple[str, ...]:
    return tuple(remote.bare(remote.address(choice)) for choice in wanted.remotes)


def _within(wanted: Wanted, most_browsers: int | None) -> Ceiling:
    return replace(wanted.ceiling, most_browsers=most_browsers, places=max(1, len(wanted.remotes)))


def _most_browsers(wanted: Wanted) -> int | None:
    """As far as that is known before they were asked: each debugging port leads to one."""
    one_each = wanted.remotes and all(choice.cdp for choice in wanted.remotes)
    return len(wanted.remotes) if one_each else None


def _doubts_of_remotes(choices: Sequence[BrowserChoice]) -> Iterator[str]:
    if not choices:
        return
    yield (
        "The browsers were started by somebody else: their memory and CPU time are not known. The code below "
        "starts browsers of its own; connect() and connect_over_cdp() take these."
    )
    if any(choice.cdp for choice in choices):
        yield (
            "The browsers' other tabs were open beside ours: they shared memory and processor time "
            "with them, and what they asked for counts among what requests waited for."
        )
    if not all(remote.is_on_this_machine(remote.address(choice)) for choice in choices):
        yield (
            "A browser was on another machine: how busy that was, and whether its memory came to its end, "
            "was not seen."
        )


def _doubts(wanted: Wanted, found: Found) -> Iterator[str]:
    if found.lost:
        yield found.lost
    yield from _doubts_of_remotes(wanted.remotes)
    if len(set(wanted.urls)) == 1:
        yield (
            "There was one address, loaded again and again: tabs of one context then wait for each other at "
            "its entry of the HTTP cache, which different pages do not. A file of addresses shows what a "
            "crawl meets."
        )
    if wanted.cluster and wanted.cluster.is_ours:
        yield (
            "The hosts are this one machine and share its processors and memory: their total says how the "
            "search works, not what as many machines would load."
        )
    elif any(host.clock_error_ns > UNSURE_NS for host in found.hosts):
        yield "A host's clock is known to more than 10 ms only: the windows of the hosts overlap less well."


def _target(wanted: Wanted) -> str:
    if not wanted.urls:
        return "the built-in page (five sub-resources, 0.1 s each)"
    return masked(wanted.urls[0]) if len(wanted.urls) == 1 else f"{len(wanted.urls)} addresses"


def _id(found: Found) -> str:
    return f"{len(found.seen)}"


def _name(ask: Ask) -> str:
    return f"{ask.setting} {ask.purpose}"


def _said(window: Window) -> str:
    text = f"{window.pages_per_s:.1f} pages/s"
    return f"{text}, {window.errors} failed" if window.errors else text


__all__ = ["BUILT_IN", "Found", "Here", "Told", "Wanted", "plan", "tune", "tuning"]
