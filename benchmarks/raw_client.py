"""How much the raw-socket client itself adds: `python benchmarks/raw_client.py [--json]`.

One run starts a server and lets n clients ask it for the same pause, cold and warm. The pause is
the ideal. What separates the makespan from it is shown apart, so that nobody blames the wrong end:

* ratio: the client's makespan, release to last answer, over the ideal
* server: the same as its ledger saw it, first accept (warm: first start) to last end, over the ideal
* client: what the first has beyond the second, in ms: getting there, and reading the answers
* sent, accepted: first to last request handed to the kernel, first to last accept

A server in Python takes some 0.2 ms of CPU for each request, so 1,000 of them take it longer than
the pause whatever the client does; `--server minimal` does next to nothing for a request and has no
ledger, and a longer pause (`--delay 5`) makes up for either. Numbers are medians; none passes or fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from browserconc.evidence import client, ledger
from browserconc.lab.process import PIPE, Household
from browserconc.lab.raw_client import Mode
from browserconc.lab.servers import parse, start
from browserconc.lab.strategies.raw_socket import measure

MODES: tuple[Mode, ...] = ("cold", "warm")


@dataclass(frozen=True)
class Round:
    """One flight, or the medians of several; times in ms, None where there is no ledger."""

    mode: Mode
    clients: int
    failed: float
    ideal_ms: float
    makespan_ms: float
    ratio: float
    sent_spread_ms: float
    accepted_spread_ms: float | None
    server_ratio: float | None
    client_ms: float | None


@asynccontextmanager
async def serving(household: Household, name: str, pause_s: float) -> AsyncIterator[tuple[str, Path | None]]:
    """Starts the server; gives the slow URL and the server's ledger, and stops it."""
    folder = household.folder("server")
    if name != "minimal":
        running = await start(household, parse(name), folder)
        try:
            yield f"{running.origin}/slow?delay={pause_s}", running.ledger
        finally:
            await running.stop()
        return
    program = [sys.executable, str(Path(__file__).with_name("minimal_server.py")), str(pause_s)]
    process = household.spawn(program, log=folder / "log", stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(10):
            port = int(await asyncio.to_thread(process.stdout.readline))
        yield f"http://127.0.0.1:{port}/", None
    finally:
        household.stop(process)


async def fly(
    household: Household, url: str, account: Path | None, *, mode: Mode, clients: int, pause_s: float
) -> Round:
    """One flight, as client and server saw it."""
    out = household.folder("flight") / client.FILE
    report = await measure(household, urls=[url] * clients, mode=mode, timeout_s=pause_s + 30, out=out)
    if report.ended_ns is None or report.start_spread_ns is None:
        raise SystemExit(f"No answer came back: {client.read(out)[0].error}.")
    makespan = report.ended_ns - report.released_ns
    accepted_spread = server_ratio = client_ms = None
    if account is not None:
        await asyncio.sleep(0.1)  # the ledger's last lines are written after the answers
        visits = [
            (service.start_ns, service.end_ns, track.span("accept"))
            for track in ledger.tracks(account)
            if (service := track.span("service")) and service.start_ns >= report.released_ns
        ]
        accepts = [accept.start_ns for _, _, accept in visits if accept]
        first = min(visit[0] for visit in visits)
        if mode == "cold":
            first = min([first, *accepts])
        own = max(visit[1] or 0 for visit in visits) - first
        server_ratio, client_ms = own / 1e9 / pause_s, (makespan - own) / 1e6
        accepted_spread = (max(accepts) - min(accepts)) / 1e6 if accepts else None
    return Round(
        mode=mode,
        clients=clients,
        failed=report.failed,
        ideal_ms=pause_s * 1e3,
        makespan_ms=makespan / 1e6,
        ratio=makespan / 1e9 / pause_s,
        sent_spread_ms=report.start_spread_ns / 1e6,
        accepted_spread_ms=accepted_spread,
        server_ratio=server_ratio,
        client_ms=client_ms,
    )


def middle(rounds: list[Round]) -> Round:
    """The median of each column; None where a round has none."""
    columns = {name: [asdict(each)[name] for each in rounds] for name in asdict(rounds[0])}
    medians: dict[str, Any] = {
        name: None if None in values else median(values)
        for name, values in columns.items()
        if name not in ("mode", "clients")
    }
    return Round(mode=rounds[0].mode, clients=rounds[0].clients, **medians)


def table(server: str, repeat: int, rounds: list[Round]) -> Table:
    """The medians for people."""
    shown = Table(
        title=f"against {server}, ideal {rounds[0].ideal_ms:g} ms; medians of {repeat}, in ms",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for heading in ("clients", "mode", "failed", "makespan", "ratio", "server", "client", "sent", "accepted"):
        shown.add_column(heading, justify="right")
    for each in rounds:
        spreads = (each.sent_spread_ms, 1), (each.accepted_spread_ms, 1)
        numbers = (each.server_ratio, 3), (each.client_ms, 1), *spreads
        shown.add_row(
            f"{each.clients:,}",
            each.mode,
            f"{each.failed:g}",
            f"{each.makespan_ms:.0f}",
            f"{each.ratio:.3f}",
            *("-" if number is None else f"{number:.{digits}f}" for number, digits in numbers),
        )
    return shown


async def main(options: argparse.Namespace) -> None:
    """Measures everything in one run; `--timeout` bounds it."""
    sizes = [int(size) for size in options.clients.split(",")]
    medians = []
    with Household() as household:
        async with (
            asyncio.timeout(options.timeout),
            serving(household, options.server, options.delay) as (url, account),
        ):
            for clients in sizes:
                for mode in MODES:
                    rounds = [
                        await fly(household, url, account, mode=mode, clients=clients, pause_s=options.delay)
                        for _ in range(options.repeat)
                    ]
                    medians.append(middle(rounds))
    if options.json:
        print(json.dumps([asdict(each) for each in medians], indent=1))
    else:
        Console().print(table(options.server, options.repeat, medians))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--server", default="gevent", help="a server's name, or minimal")
    parser.add_argument("--clients", default="10,100,1000", help="how many, with commas between them")
    parser.add_argument("--delay", type=float, default=0.5, help="the pause in seconds")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--timeout", type=float, default=300.0, help="for the whole run, in seconds")
    parser.add_argument("--json", action="store_true")
    asyncio.run(main(parser.parse_args()))
