"""Watches a browser that is already running, without touching its pages, and explains what they waited for.

Its network stack's events come over a browser-level CDP session (`evidence/nettrace.py`): no page is
attached to, opened, routed, focused or closed. What it saw is judged as `explain.py` judges any log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from browserconc.evidence import foreign, nettrace
from browserconc.explain import Choice, explain_log
from browserconc.lab import interruption
from browserconc.lab.cdp_connection import Connection, ProtocolError, UnreachableError, connected
from browserconc.lab.process import Household, ProcessError
from browserconc.model.finding import BrowserFacts, Result

__all__ = ["ProcessError", "UnreachableError", "WatchError", "explained", "run", "watch"]

_ASK_S = 2.0
_EVERY_S = 0.5
BEGUN_BEFORE = (
    "Requests that were going on when watching began are missing, and of connections that were open "
    "already the port is not known."
)


class WatchError(Exception):
    """The browser was reached but could not be watched: one sentence, what failed and what to do."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was recorded: the trace, whether events of it were lost, and the browser's name and version."""

    trace: Path
    lossy: bool
    name: str
    version: str


def run(
    address: str, seconds: float, keep: Path | None, choice: Choice, tell: Callable[[int, float], None]
) -> tuple[Result, bool]:
    """Watches and explains; whether it was interrupted. The trace is kept only where `keep` says so.

    Raises:
        UnreachableError, WatchError, ProcessError, LogError: nothing could be watched, or nothing was seen.
        KeyboardInterrupt: interrupted twice, or before there was anything to see.
    """
    seen: list[Seen] = []
    interrupted = False
    with Household() as household:
        trace = keep or Path(household.folder("watch")) / nettrace.FILE

        async def watching() -> None:
            seen.append(await watch(address, seconds, trace, tell))

        try:
            interruption.run(watching)
        except interruption.InterruptionError as stop:
            if stop.in_haste or not seen:
                raise KeyboardInterrupt from None
            interrupted = True
        result = explained(seen[0], choice)
        return (result if keep else replace(result, recording=None)), interrupted


async def watch(
    address: str, seconds: float, into: Path, tell: Callable[[int, float], None] = lambda tabs, left: None
) -> Seen:
    """Records for so long, or until it is cancelled or the browser is gone; `into` is the trace's file.

    `tell` hears twice a second how many tabs there are and how many seconds are left. A cancellation
    ends the recording early and is kept to itself: what was seen is returned.

    Raises:
        UnreachableError: no browser answers at the address.
        WatchError: it refuses to be traced, or went away before it handed its trace over.
    """
    async with connected(address) as browser:
        try:
            version = await asyncio.wait_for(browser.send("Browser.getVersion"), _ASK_S)
            await nettrace.start(browser)
            try:
                await _wait(browser, seconds, tell)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                assert task
                task.uncancel()
            if browser.closed.is_set():
                raise WatchError("The browser ended while it was watched, and its trace with it.")
            capture = await nettrace.stop(browser, into)
        except (nettrace.CaptureError, ProtocolError, TimeoutError) as problem:
            raise WatchError(
                f"The browser at {address} could not be watched: {problem or 'no answer'}"
            ) from problem
    name, _, number = str(version.get("product", "")).partition("/")
    return Seen(capture.path, capture.lossy, name or "Chromium", number)


async def _wait(browser: Connection, seconds: float, tell: Callable[[int, float], None]) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while (left := end - loop.time()) > 0 and not browser.closed.is_set():
        tell(await _tabs(browser), left)
        with suppress(TimeoutError):
            await asyncio.wait_for(browser.closed.wait(), min(_EVERY_S, max(end - loop.time(), 0)))


async def _tabs(browser: Connection) -> int:
    """How many pages there are; the browser is asked, the pages are not."""
    targets = await asyncio.wait_for(browser.send("Target.getTargets"), _ASK_S)
    return sum(target.get("type") == "page" for target in targets.get("targetInfos", ()))


def explained(seen: Seen, choice: Choice) -> Result:
    """The same result as that of `explain`, of what was watched.

    Raises:
        LogError: no request that was asked for was made meanwhile.
    """
    log = foreign.read(seen.trace, url=choice.url, since_ns=round(choice.since_s * 1e9))
    headless = "Headless" in seen.name
    log.browser = BrowserFacts(seen.name, seen.version, "", headless, ())
    log.doubts.append(BEGUN_BEFORE)
    if seen.lossy:
        log.doubts.append(
            "The browser's trace buffer was full: events are missing; watch for a shorter time."
        )
    return explain_log(log, seen.trace, choice, command="watch")
