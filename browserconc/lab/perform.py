"""Lets pages of the target's origin ask together, by a script, and writes down what each page saw.

Each page is armed with an instant of its own clock a little ahead, so that the driver, which needs
milliseconds for every page, does not spread the start. What was asked and is not answered when the time
is up is left: streams and sockets stay open until the page goes elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from browserconc.evidence.client import ClientLine
from browserconc.lab.browser import BrowserError, DriverError, Page, first_line
from browserconc.lab.release import ARM_TIMEOUT_S, Released, Start, at_once, page_clock, settled
from browserconc.lab.workloads import Workload

AHEAD_NS = 50_000_000
AHEAD_NS_PER_PAGE = 5_000_000
"""The start lies so far ahead; arming a page takes 2 to 4 ms on two busy cores."""
LEAVE_TIMEOUT_S = 5.0

_ARMED = """async ([start, tasks]) => {
  const kept = (globalThis.browserconcKept ??= []);
  const keep = thing => kept.push(thing);
  const perform = async (url, keep) => {%s};
  const left = Math.max(0, start - performance.now());
  await new Promise(resolve => {
    if (document.visibilityState === "visible") {
      setTimeout(resolve, left);
      return;
    }
    // The timers of a hidden tab are late by up to a second, those of its workers are not.
    const code = "onmessage = event => setTimeout(() => postMessage(0), event.data)";
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    worker.onerror = () => setTimeout(resolve, left);  // a policy of the site forbids it
    worker.onmessage = () => { worker.terminate(); resolve(); };
    worker.postMessage(left);
  });
  const one = async ([index, url]) => {
    const begin = performance.now();
    let status = null, error = null;
    try {
      status = await perform(url, keep);
    } catch (problem) {
      error = String(problem?.message ?? problem).slice(0, 120);
    }
    const visible = document.visibilityState === "visible";
    const row = {index, visible, begin, end: performance.now(), status, error};
    (globalThis.browserconcDone ??= []).push(row);
    return row;
  };
  return Promise.all(tasks.map(one));
}"""
_SO_FAR = "globalThis.browserconcDone ?? []"


@dataclass  # without slots: the driver hangs an attribute on whose method it calls
class _Part:
    """One page and its share of the work.

    `refusals` are what the browser's console said of a URL; `waits` while there is no answer.
    """

    page: Page
    tasks: list[tuple[int, str]]
    zero_ns: int = 0
    waits: bool = True
    refusals: dict[str, str] = field(default_factory=dict)

    def heard(self, message: Any) -> None:
        """Notes why a WebSocket failed, which a script is not told."""
        text = str(message.text)
        if text.startswith("WebSocket connection to '"):
            url, _, reason = text.removeprefix("WebSocket connection to '").partition("' failed: ")
            self.refusals[url] = reason[:120]


async def perform(
    pages: Sequence[Page],
    urls: Sequence[str],
    workload: Workload,
    timeout_s: float,
    finished: Callable[[], None],
    start: Start = at_once,
    facts: dict[str, Any] | None = None,
    *,
    are_open: bool = False,
) -> Released:
    """Page i asks for urls[i]; a single page asks for all of them.

    `start` is waited for when all are ready; `facts` is told which tabs were hidden. The pages open one of
    their URL's origin first, unless they `are_open` there.

    Raises:
        BrowserError: a page of the target's origin does not load.
    """
    tasks = [(index, workload.address(url)) for index, url in enumerate(urls)]
    shares = [tasks] if len(pages) == 1 else [[task] for task in tasks]
    parts = [_Part(page, share) for page, share in zip(pages, shares, strict=True)]
    await _ready(parts, [] if are_open else urls)
    await settled()
    await start()
    for part in parts:
        part.page.on("console", part.heard)
    start_ns = time.monotonic_ns() + AHEAD_NS + AHEAD_NS_PER_PAGE * len(parts)
    try:
        rows = await asyncio.gather(*(_performed(part, workload, start_ns, timeout_s) for part in parts))
        ended_ns = time.monotonic_ns()
        lines = [
            line
            for part, seen in zip(parts, rows, strict=True)
            for line in _lines(part, seen, start_ns, timeout_s)
        ]
    finally:
        for part in parts:
            part.page.remove_listener("console", part.heard)
        # What was never answered is given up first, lest it be sent when the others let go.
        await asyncio.gather(*(_left(part.page) for part in parts if part.waits))
        await asyncio.gather(*(_left(part.page) for part in parts if not part.waits))
    for line in lines:
        if line.done_ns is not None:
            finished()
    hidden = [row["index"] for seen in rows if isinstance(seen, list) for row in seen if not row["visible"]]
    if hidden and facts is not None:
        facts["hidden_tabs"] = ",".join(map(str, sorted(hidden)))
    return Released(start_ns, ended_ns, sorted(lines, key=lambda line: line.index))


async def _ready(parts: Sequence[_Part], urls: Sequence[str]) -> None:
    """Every page is one of its URL's origin, which those without `urls` are, and its clock is known."""

    async def one(part: _Part) -> None:
        if urls:
            url = urlsplit(urls[part.tasks[0][0]])
            await part.page.goto(f"{url.scheme}://{url.netloc}/ready", timeout=ARM_TIMEOUT_S * 1000)
        part.zero_ns = await page_clock(part.page)

    try:
        async with asyncio.timeout(ARM_TIMEOUT_S):
            await asyncio.gather(*(one(part) for part in parts))
    except (DriverError, TimeoutError) as problem:
        reason = first_line(problem) or f"it did not answer within {ARM_TIMEOUT_S:g} s"
        raise BrowserError(f"The page that asks did not load: {reason}.") from problem


async def _performed(part: _Part, workload: Workload, start_ns: int, timeout_s: float) -> Any:
    """What the page saw, as far as it came; a sentence where it says nothing any more."""
    start_ms = (start_ns - part.zero_ns) / 1e6
    limit_s = timeout_s + (start_ns - time.monotonic_ns()) / 1e9
    try:
        async with asyncio.timeout(limit_s):
            rows = await part.page.evaluate(_ARMED % workload.script, [start_ms, part.tasks])
            part.waits = False
            return rows
    except TimeoutError:
        pass
    except DriverError as problem:
        return first_line(problem)[:120]
    try:
        async with asyncio.timeout(LEAVE_TIMEOUT_S):
            return await part.page.evaluate(_SO_FAR)
    except (DriverError, TimeoutError):
        return None


def _lines(part: _Part, seen: Any, start_ns: int, timeout_s: float) -> list[ClientLine]:
    rows = {row["index"]: row for row in seen} if isinstance(seen, list) else {}
    lines = []
    for index, url in part.tasks:
        row = rows.get(index)
        if row is None:
            why = seen if isinstance(seen, str) else f"no answer within {round(timeout_s, 1):g} s"
            lines.append(ClientLine(index, url, released_ns=start_ns, error=why))
            continue
        lines.append(
            ClientLine(
                index,
                url,
                released_ns=max(start_ns, part.zero_ns + round(row["begin"] * 1e6)),
                done_ns=part.zero_ns + round(row["end"] * 1e6),
                status=row["status"],
                error=part.refusals.get(url, row["error"]) if row["error"] else None,
            )
        )
    return lines


async def _left(page: Page) -> None:
    """Goes elsewhere, which closes what the page kept open."""
    with suppress(DriverError):
        await page.goto("about:blank", timeout=LEAVE_TIMEOUT_S * 1000)
