"""How close together n requests start: `python benchmarks/start_spread.py [--tabs 10,100] [--json]`.

Three ways to let them go take turns in one run, in one browser:

* goto: `gather(page.goto)` from about:blank, as everybody does it
* gate: all wait in the gate (`browserconc/lab/gate.py`) and are let go together, as `compare` does it
* fetch: one page calls fetch() n times in one script

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
from itertools import chain
from statistics import median

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
WAYS = ("goto", "gate", "fetch")


@dataclass(frozen=True)
class Spread:
    """One way at one size; times in ms, `arrived` is the least number of requests in any round."""

    way: str
    tabs: int
    arrived: int
    rounds_ms: list[float]
    median_ms: float
    ratio: float


async def goto(pages: Sequence[Page], urls: Sequence[str]) -> None:
    """As everybody does it."""
    visits = (page.goto(url, timeout=TIMEOUT_S * 1000) for page, url in zip(pages, urls, strict=True))
    await asyncio.gather(*visits, return_exceptions=True)


async def gate(pages: Sequence[Page], urls: Sequence[str]) -> None:
    """As `compare` does it."""
    await release.navigate(pages, urls, TIMEOUT_S, lambda: None, [])


async def fetch(pages: Sequence[Page], urls: Sequence[str]) -> None:
    """The answers of other origins are refused to the page, but the requests are sent."""
    await release.fetch(pages[0], urls, TIMEOUT_S, lambda: None)


LET_GO: dict[str, Callable[[Sequence[Page], Sequence[str]], Awaitable[None]]] = {
    "goto": goto,
    "gate": gate,
    "fetch": fetch,
}


async def fly(household: Household, server: str, pages: Sequence[Page], way: str) -> tuple[float, int]:
    """One round: the spread in ms, and how many requests came."""
    folder = household.folder("server")
    running = await start(household, parse(server), folder)
    try:
        urls = [distinct_host(f"{running.origin}/slow?delay={DELAY_S:g}", i) for i in range(len(pages))]
        await LET_GO[way](pages, urls)
    finally:
        await running.stop()
        await asyncio.gather(*(page.goto("about:blank") for page in pages))
    services = (track.span("service") for track in ledger.tracks(running.ledger) if "/slow" in track.url)
    starts = [service.start_ns for service in services if service]
    return (max(starts) - min(starts)) / 1e6, len(starts)


async def measure(options: argparse.Namespace, household: Household) -> list[Spread]:
    """All sizes and ways; the ways take turns, and every other round in reverse."""
    folder = household.folder("netlogs")
    spreads = []
    async with Browsers(household, BrowserChoice(options.browser), netlogs=folder) as browsers:
        for count in (int(size) for size in options.tabs.split(",")):
            tabs = await browsers.everyday_tabs(count)
            seen: dict[str, list[tuple[float, int]]] = {way: [] for way in WAYS}
            turns = chain.from_iterable(WAYS if turn % 2 else WAYS[::-1] for turn in range(options.rounds))
            for way in turns:
                seen[way].append(await fly(household, options.server, tabs.pages, way))
            usual = median(spread for spread, _ in seen["goto"])
            for way, rounds in seen.items():
                middle = median(spread for spread, _ in rounds)
                arrived = min(came for _, came in rounds)
                each = [round(spread, 2) for spread, _ in rounds]
                spreads.append(Spread(way, count, arrived, each, round(middle, 2), round(middle / usual, 3)))
    return spreads


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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server", default="gevent", help="one that holds them all")
    parser.add_argument("--browser", default="chromium", help="a name or the path of an executable")
    parser.add_argument("--timeout", type=float, default=600.0, help="for the whole run, in seconds")
    parser.add_argument("--json", action="store_true")
    asyncio.run(main(parser.parse_args()))
