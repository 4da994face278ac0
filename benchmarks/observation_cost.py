"""What evidence costs: the same requests unobserved, with --log-net-log, with the trace, and with CDP.

600 fetches (six at a time) and 50 navigations without delay, in a fresh browser per round; the order
changes from round to round. Prints medians and their ratios to the unobserved browser: wall time,
CPU time of the browser's process tree, bytes on disk. On a busy machine only the ratios mean anything.

    python benchmarks/observation_cost.py [--rounds 5] [--browser /usr/bin/chromium]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import psutil
from playwright.async_api import Page, async_playwright

from browserconc.evidence import cdp, nettrace_capture

WAYS = ("none", "netlog", "trace", "cdp")
FETCHES = 600
NAVIGATIONS = 50
FETCH = """async n => {
    let next = 0;
    const worker = async () => { while (next < n) await (await fetch('/?fetch=' + next++)).text(); };
    await Promise.all([1, 2, 3, 4, 5, 6].map(worker));
}"""
PAGE = b"<!doctype html><link rel=icon href=data:,>"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\nContent-Length: %d\r\n\r\n%b"
)


@dataclass(frozen=True)
class Cost:
    """One round's price: seconds for each kind of work, all seconds of CPU, seconds to stop, bytes."""

    fetch_s: float
    navigate_s: float
    cpu_s: float
    stop_s: float
    log_bytes: int


def serve(told: Connection) -> None:
    """Answers at once, in a process of its own so that its CPU time is not the browser's."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ANSWER % (len(PAGE), PAGE))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=128)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def cpu_s() -> float:
    """CPU seconds so far of all browser processes below this one."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                times = process.cpu_times()
                spent += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return spent


async def navigate(page: Page, origin: str) -> None:
    """Goes to distinct addresses, one after the other."""
    for number in range(NAVIGATIONS):
        await page.goto(f"{origin}/?navigation={number}")


async def one_round(way: str, executable: str, origin: str, folder: Path) -> Cost:
    """A fresh browser does all the work once, observed in one way."""
    log = folder / way
    flags = [f"--log-net-log={log}"] if way == "netlog" else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", *flags], chromium_sandbox=False
        )
        page = await browser.new_page()
        await page.goto(origin)
        session = await browser.new_browser_cdp_session()
        devtools = cdp.Capture()
        if way == "trace":
            await nettrace_capture.start(session)
        elif way == "cdp":
            await devtools.watch(await page.context.new_cdp_session(page), 0)
        cpu_before, started = cpu_s(), time.monotonic()
        await page.evaluate(FETCH, FETCHES)
        fetched = time.monotonic()
        await navigate(page, origin)
        navigated, cpu_after = time.monotonic(), cpu_s()
        if way == "trace":
            await nettrace_capture.stop(session, log)
        elif way == "cdp":
            devtools.save(log)
        stopped = time.monotonic()
        await browser.close()
    size = log.stat().st_size if log.exists() else 0
    return Cost(fetched - started, navigated - fetched, cpu_after - cpu_before, stopped - navigated, size)


async def measure(rounds: int, executable: str, origin: str) -> dict[str, list[Cost]]:
    """Every way once per round, each round starting with another one."""
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        await one_round("none", executable, origin, Path(folder))  # warms the file cache
        for number in range(rounds):
            first = number % len(WAYS)
            for way in WAYS[first:] + WAYS[:first]:
                costs[way].append(await one_round(way, executable, origin, Path(folder)))
                (Path(folder) / way).unlink(missing_ok=True)
    return costs


def show(costs: dict[str, list[Cost]]) -> None:
    """One line per way: medians, and the median ratio to the unobserved browser of the same round."""
    requests = FETCHES + NAVIGATIONS
    base = costs["none"]
    print(f"{'way':8} {'fetches':>16} {'navigations':>16} {'CPU/request':>18} {'stop':>7} {'kB/request':>11}")
    for way, rounds in costs.items():
        columns = []
        for name, scale, unit in (
            ("fetch_s", 1, "s"),
            ("navigate_s", 1, "s"),
            ("cpu_s", 1000 / requests, "ms"),
        ):
            mine = [getattr(one, name) for one in rounds]
            ratio = median(own / getattr(other, name) for own, other in zip(mine, base, strict=True))
            columns.append(f"{median(mine) * scale:8.2f} {unit:2} x{ratio:4.2f}")
        stop = median(one.stop_s for one in rounds)
        size = median(one.log_bytes for one in rounds) / requests / 1000
        print(f"{way:8} {'  '.join(columns)} {stop:5.2f} s {size:11.1f}")


def main() -> None:
    """Runs the benchmark from the command line."""
    found = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
    parser = argparse.ArgumentParser(description="what evidence costs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--browser", default=found)
    chosen = parser.parse_args()
    if chosen.browser is None:
        sys.exit("No Chromium was found; name one with --browser.")
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        port = ours.recv()
        show(asyncio.run(measure(chosen.rounds, chosen.browser, f"http://127.0.0.1:{port}")))
    finally:
        server.terminate()
        server.join(5)


if __name__ == "__main__":
    main()
