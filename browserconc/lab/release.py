"""Lets prepared tabs go together and writes down what the driver saw of each request.

Navigations wait in the gate (`gate.py`); what a page asks for itself is in `perform.py`. The driver's
instants are the outermost ones: what happened in between is the browser's to tell.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from browserconc.evidence.client import ClientLine
from browserconc.lab.browser import DriverError, DriverTimeout, Page, first_line
from browserconc.lab.gate import Gate
from browserconc.lab.process_tree import descendants_cpu_ns

ARM_TIMEOUT_S = 30.0
SETTLE_S = 0.05
QUIET_SHARE = 0.2
LONGEST_SETTLE_S = 3.0
"""Tabs that have just arrived still keep the browser busy: it starts a renderer for every new site.
They are let go when the browsers and their driver have used less than QUIET_SHARE of a core for SETTLE_S,
or after LONGEST_SETTLE_S; a hundred idle tabs take that much for good."""


@dataclass(frozen=True, slots=True)
class Released:
    """What the driver saw of one trial's requests."""

    released_ns: int
    ended_ns: int
    lines: list[ClientLine]


Finished = Callable[[], None]
Arrive = Callable[[Page, int, str, float], Awaitable[tuple[int | None, int]]]
"""Takes a page, its number, an address and a time-out in seconds; loads it; gives status and instant (ns)."""


Start = Callable[[], Awaitable[None]]
"""Comes back when the requests are to be let go."""


async def at_once() -> None:
    """Whoever is ready goes."""


async def load_event(page: Page, index: int, url: str, limit_s: float) -> tuple[int | None, int]:
    """Loads until the load event; raises the driver's errors."""
    response = await page.goto(url, wait_until="load", timeout=limit_s * 1000)
    return response.status if response else None, time.monotonic_ns()


async def navigate(
    pages: Sequence[Page],
    urls: Sequence[str],
    timeout_s: float,
    finished: Finished,
    seen: list[ClientLine],
    gates: list[str],
    arrive: Arrive = load_event,
    start: Start = at_once,
    first: int = 0,
) -> Released:
    """Page i navigates to urls[i]; all leave the gate together.

    A tab that crashes, never arrives or never loads is an error in its own line. `seen` grows with
    every tab that is done and `gates` holds the URLs at which the tabs wait, by index: what is left
    of an interrupted run. `arrive` loads a page until it counts as loaded. `start` is waited for when all
    are in the gate; `first` is the number of the first tab where others are let go elsewhere.
    """
    released: dict[int, int] = {}
    if urlsplit(urls[0]).scheme == "https":
        await _acquainted(pages, urls)
    async with Gate(len(pages), first) as gate:
        gates += [gate.url(index, urlsplit(url).hostname or "") for index, url in enumerate(urls)]
        limit_s = ARM_TIMEOUT_S + LONGEST_SETTLE_S + timeout_s
        loads = [
            asyncio.create_task(
                _load(page, index, gates[index], urls[index], limit_s, finished, seen, arrive)
            )
            for index, page in enumerate(pages)
        ]
        try:
            await _armed(gate, loads)
            await settled()
            await start()
            released = gate.release(dict(enumerate(urls)))
            released_ns = min(released.values(), default=time.monotonic_ns())
            _, late = await asyncio.wait(loads, timeout=timeout_s)
        except asyncio.CancelledError:
            done = {line.index: line for line in seen}
            seen[:] = [
                replace(
                    done.get(index) or ClientLine(index, urls[index], error="interrupted"), released_ns=at
                )
                for index, at in released.items()
            ]
            raise
        finally:
            await _cancelled(loads)
        ended_ns = time.monotonic_ns()
        lines = []
        for index, load in enumerate(loads):
            if load in late:
                line = ClientLine(index, urls[index], error=f"no answer within {round(timeout_s, 1):g} s")
            else:
                line = load.result()
            if index not in released and line.error is None:
                line = replace(line, error="the tab did not wait for its release", done_ns=None)
            lines.append(replace(line, released_ns=released.get(index, released_ns)))
        return Released(released_ns, ended_ns, lines)


async def _acquainted(pages: Sequence[Page], urls: Sequence[str]) -> None:
    """One page for each context and host visits a server with TLS before the tabs are armed.

    So the handshake lies behind them, and HTTP/2's settings are known: a browser that does not know how
    many streams the server allows sends as many as it likes, and some servers then close the connection.
    A visit that fails is the trial's to tell.
    """
    first: dict[tuple[object, str], tuple[Page, str]] = {}
    for page, url in zip(pages, urls, strict=True):
        parts = urlsplit(url)
        first.setdefault((page.context, parts.netloc), (page, f"{parts.scheme}://{parts.netloc}/ready"))
    visits = (page.goto(url, timeout=ARM_TIMEOUT_S * 1000) for page, url in first.values())
    await asyncio.gather(*visits, return_exceptions=True)


async def _armed(gate: Gate, loads: Sequence[asyncio.Task[ClientLine]]) -> None:
    """Waits until every tab that is still alive is in the gate."""
    deadline = time.monotonic() + ARM_TIMEOUT_S
    while time.monotonic() < deadline:
        alive = sum(not load.done() for load in loads)
        if len(await gate.full(alive, 0.2)) >= alive:
            return


async def settled() -> None:
    """Waits until what we started has next to nothing left to do."""
    begun = before = time.monotonic_ns()
    used = descendants_cpu_ns()
    while before - begun < LONGEST_SETTLE_S * 1e9:
        await asyncio.sleep(SETTLE_S)
        now, since = time.monotonic_ns(), used
        used = descendants_cpu_ns()
        if used - since <= QUIET_SHARE * (now - before):
            return
        before = now


async def _load(
    page: Page,
    index: int,
    gate_url: str,
    url: str,
    limit_s: float,
    finished: Finished,
    seen: list[ClientLine],
    arrive: Arrive,
) -> ClientLine:
    status: int | None = None
    error: str | None = None
    done_ns: int | None = None
    try:
        status, done_ns = await arrive(page, index, gate_url, limit_s)
    except DriverTimeout:
        return ClientLine(index, url, error=f"not loaded within {round(limit_s, 1):g} s")
    except DriverError as problem:
        error = first_line(problem)[:120]
    line = ClientLine(index, url, done_ns=done_ns or time.monotonic_ns(), status=status, error=error)
    seen.append(line)
    finished()
    return line


async def page_clock(page: Page) -> int:
    """The monotonic instant (ns) at which the page's performance.now() was 0.

    Of five tries the one with the shortest round trip.
    """
    best: tuple[int, int] | None = None
    for _ in range(5):
        before = time.monotonic_ns()
        now_ms = await page.evaluate("performance.now()")
        after = time.monotonic_ns()
        zero = (before + after) // 2 - round(now_ms * 1e6)
        if best is None or after - before < best[0]:
            best = (after - before, zero)
    assert best
    return best[1]


async def _cancelled(tasks: Sequence[asyncio.Task[ClientLine]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
