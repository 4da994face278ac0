"""How close together n requests start: `python benchmarks/start_spread.py [--tabs 10,100] [--json]`.

Three ways to let them go in one run, in one browser; the first two take turns:

* goto: `gather(page.goto)` from about:blank, as everybody does it
* gate: all wait in the gate (`browserconc/lab/gate.py`) and are let go together, as `compare` does it
* fetch: one page calls fetch() n times in one script, the other tabs being closed, as in `compare`

Each request has a host name of its own, so that no limit of the browser holds it back, and asks for
a pause of two seconds, so that no answer competes with a request that is still to come. The spread
is the time from the first to the last arrival at the application, by the server's ledger. Every
round has a new server, for a connection that is kept alive would be faster. Numbers are medians of
the rounds; `ratio` is that to goto of the same run. Targets: gate at most 1.0 at 10 tabs and 0.7
at 100; fetch at most 15 ms at 10 and 80 ms at 100.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from urllib.parse import urlsplit

from rich import box
from rich.console import Console
from rich.table import Table

from browserconc.evidence import ledger
from browserconc.lab import release
from browserconc.lab.browser import Browsers, Page
from browserconc.lab.process import Household
from browserconc.lab.servers import parse, start
from browserconc.lab.strategy import distinct_host
from browserconc.model.plan import BrowserChoice

DELAY_S = 2.0
TIMEOUT_S = 60.0
NAVIGATIONS = ("goto", "gate")


@dataclass(frozen=True)
class Spread:
    """One way at one size; times in ms, `arrived` is the least number of requests in any round."""

    way: str
    tabs: int
    arrived: int
    rounds_ms: list[float]
    median_ms: float
    ratio: float


FETCH_ALL = "urls => Promise.all(urls.map(url => fetch(url, {mode: 'no-cors'}).catch(() => null)))"


async def goto(pages: Sequence[Page], urls: Sequence[str]) -> None:
    """As everybody does it."""
    visits = (page.goto(url, timeout=TIMEOUT_S * 1000) for page, url in zip(pages, urls, strict=True))
    await asyncio.gather(*visits, return_exceptions=True)


async def gate(pages: Sequence[Page], urls: Sequence[str]) -> None:
    """As `compare` does it."""
    await release.navigate(pages, urls, TIMEOUT_S, lambda: None, [], [])


async def fetch(pages: Sequence[Page], urls: Sequence[str]) -> None:
    """One page, one script, as `compare` does it, but a host each: no limit per host, no CORS."""
    parts = urlsplit(urls[0])
    await pages[0].goto(f"{parts.scheme}://{parts.netloc}/ready")
    await pages[0].evaluate(FETCH_ALL, list(urls))


LET_GO: dict[str, Callable[[Sequence[Page], Sequence[str]], Awaitable[None]]] = {
    "goto": goto,
    "gate": gate,
    "fetch": fetch,
}


async def fly(
    household: Household, server: str, pages: Sequence[Page], way: str, count: int
) -> tuple[float, int]:
    """One round of `count` requests: the spread in ms, and how many requests came."""
    running = await start(household, parse(server), household.folder("server"))
    try:
        urls = [distinct_host(f"{running.origin}/slow?delay={DELAY_S:g}", i) for i in range(count)]
        await LET_GO[way](pages, urls)
    finally:
        await running.stop()
        await asyncio.gather(*(page.goto("about:blank") for page in pages))
    services = (track.span("service") for track in ledger.tracks(running.ledger) if "/slow" in track.url)
    starts = [service.start_ns for service in services if service]
    return (max(starts) - min(starts)) / 1e6, len(starts)


async def measure(options: argparse.Namespace, household: Household) -> list[Spread]:
    """All sizes and ways; navigations take turns, and every other round in reverse."""
    folder = household.folder("netlogs") if options.netlog else None
    spreads = []
    async with Browsers(household, BrowserChoice(options.browser), netlogs=folder) as browsers:
        for count in (int(size) for size in options.tabs.split(",")):
            seen: dict[str, list[tuple[float, int]]] = {way: [] for way in LET_GO}
            tabs = await browsers.everyday_tabs(count)
            for turn in range(options.rounds):
                for way in NAVIGATIONS if turn % 2 else NAVIGATIONS[::-1]:
                    seen[way].append(await fly(household, options.server, tabs.pages, way, count))
            tabs = await browsers.everyday_tabs(1)
            for _ in range(options.rounds):
                seen["fetch"].append(await fly(household, options.server, tabs.pages, "fetch", count))
            spreads += [summary(way, count, rounds, seen["goto"]) for way, rounds in seen.items()]
    return spreads


def summary(way: str, tabs: int, rounds: list[tuple[float, int]], usual: list[tuple[float, int]]) -> Spread:
    """The medians of one way, beside those of `usual`."""
    middle = median(spread for spread, _ in rounds)
    return Spread(
        way=way,
        tabs=tabs,
        arrived=min(came for _, came in rounds),
        rounds_ms=[round(spread, 2) for spread, _ in rounds],
        median_ms=round(middle, 2),
        ratio=round(middle / median(spread for spread, _ in usual), 3),
    )


def table(spreads: Sequence[Spread]) -> Table:
    """For people."""
    shown = Table(title="first to last arrival at the server, ms", box=box.SIMPLE_HEAD)
    for heading in ("tabs", "way", "arrived", "median", "ratio", "rounds"):
        shown.add_column(heading, justify="right")
    for each in spreads:
        rounds = " ".join(f"{spread:.0f}" for spread in each.rounds_ms)
        numbers = f"{each.median_ms:.1f}", f"{each.ratio:.2f}"
        shown.add_row(str(each.tabs), each.way, str(each.arrived), *numbers, rounds)
    return shown


async def main(options: argparse.Namespace) -> None:
    """Measures everything in one run; `--timeout` bounds it."""
    with Household() as household:
        async with asyncio.timeout(options.timeout):
            spreads = await measure(options, household)
    if options.json:
        print(json.dumps([asdict(each) for each in spreads], indent=1))
    else:
        Console().print(table(spreads))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tabs", default="10,100", help="how many, with commas between them")
    parser.add_argument("--netlog", action="store_true", help="with the NetLog, as compare has it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server", default="gevent", help="one that holds them all")
    parser.add_argument("--browser", default="chromium", help="a name or the path of an executable")
    parser.add_argument("--timeout", type=float, default=600.0, help="for the whole run, in seconds")
    parser.add_argument("--json", action="store_true")
    asyncio.run(main(parser.parse_args()))
