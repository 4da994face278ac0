"""Watches a browser that is already running, without touching its pages, and explains what they waited for.

Its network stack's events come over a browser-level CDP session (`evidence/nettrace.py`): no page is
opened, routed, focused or closed, and attached to only where somebody looks at what is in flight, or
where the browser does not let itself be traced. What was seen is judged as `explanation.py` judges any log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from browserconc.evidence import cdp, foreign, nettrace, nettrace_capture
from browserconc.evidence.live_requests import LiveRequests, Now
from browserconc.explanation import Choice, LogError, explain_log
from browserconc.lab import interruption
from browserconc.lab.attached_pages import AttachedPages
from browserconc.lab.cdp_connection import Connection, ProtocolError, UnreachableError, connected
from browserconc.lab.process import Household, ProcessError
from browserconc.model.finding import BrowserFacts, Result

__all__ = ["ProcessError", "UnreachableError", "WatchError", "explained", "run", "watch"]

Evidence = Literal["trace", "cdp"]
Tell = Callable[[int, float, Now | None], None]
"""Told how many tabs there are, how many seconds are left, and what is in flight where that is followed."""

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
    """What was recorded: the log, the browser's name and version, and what is doubtful about it."""

    log: Path
    name: str
    version: str
    doubts: tuple[str, ...] = ()


class Observation:
    """A browser that is recorded from `begin` to `end`.

    `live` follows what is in flight meanwhile. Only a Connection can attach to pages, so with another
    session (Playwright's) there is neither that nor anything but the trace.
    """

    def __init__(
        self,
        browser: nettrace_capture.Session,
        into: Path,
        *,
        evidence: Evidence = "trace",
        live: bool = False,
    ) -> None:
        self.in_flight = LiveRequests() if live else None
        self._browser = browser
        self._into = into
        self._capture = cdp.Capture() if evidence == "cdp" else None
        self._pages: AttachedPages | None = None
        self._doubts: list[str] = []
        self._product = ""

    async def begin(self) -> None:
        """Starts recording.

        Raises:
            WatchError: the browser lets itself neither be traced nor attached to.
        """
        try:
            version = await asyncio.wait_for(self._browser.send("Browser.getVersion"), _ASK_S)
            self._product = str(version.get("product", ""))
            if not self._capture:
                await self._trace()
            followers = [follower for follower in (self.in_flight, self._capture) if follower]
            if followers and isinstance(self._browser, Connection):
                self._pages = AttachedPages(
                    self._browser, followers, [self.in_flight] if self.in_flight else ()
                )
                await self._pages.begin()
        except (nettrace_capture.CaptureError, ProtocolError, TimeoutError) as problem:
            raise WatchError(f"The browser could not be watched: {problem or 'no answer'}") from problem

    async def _trace(self) -> None:
        try:
            await nettrace_capture.start(self._browser)
        except nettrace_capture.CaptureError as problem:
            if not isinstance(self._browser, Connection):
                raise
            self._capture = cdp.Capture()
            self._doubts.append(f"The browser was not traced ({str(problem).rstrip('.')}).")

    async def end(self) -> Seen:
        """Ends the recording and writes it.

        Raises:
            WatchError: the browser does not hand it over, or it cannot be written.
        """
        try:
            if self._pages:
                await self._pages.end()
            if self._capture:
                self._capture.save(self._into)
            else:
                captured = await nettrace_capture.stop(self._browser, self._into)
                if captured.lossy:
                    self._doubts.append(
                        "The browser's trace buffer was full: events are missing; watch for a shorter time."
                    )
        except (nettrace_capture.CaptureError, ProtocolError, TimeoutError) as problem:
            raise WatchError(f"The browser could not be watched: {problem or 'no answer'}") from problem
        except OSError as problem:
            raise WatchError(f"{self._into} cannot be written ({problem.strerror}).") from problem
        name, _, number = self._product.partition("/")
        return Seen(self._into, name or "Chromium", number, tuple(self._doubts))


def run(
    address: str,
    seconds: float,
    keep: Path | None,
    choice: Choice,
    tell: Tell,
    *,
    evidence: Evidence = "trace",
    live: bool = False,
) -> tuple[Result, bool]:
    """Watches and explains; whether it was interrupted. The log is kept only where `keep` says so.

    Raises:
        UnreachableError, WatchError, ProcessError, LogError: nothing could be watched, or nothing was seen.
        KeyboardInterrupt: interrupted twice, or before there was anything to see.
    """
    seen: list[Seen] = []
    interrupted = False
    with Household() as household:
        into = keep or Path(household.folder("watch")) / nettrace.FILE

        async def watching() -> None:
            seen.append(await watch(address, seconds, into, tell, evidence=evidence, live=live))

        try:
            interruption.run(watching)
        except interruption.InterruptionError as stop:
            if stop.in_haste or not seen:
                raise KeyboardInterrupt from None
            interrupted = True
        result = explained(seen[0], choice)
        return (result if keep else replace(result, recording=None)), interrupted


async def watch(
    address: str,
    seconds: float,
    into: Path,
    tell: Tell = lambda tabs, left, now: None,
    *,
    evidence: Evidence = "trace",
    live: bool = False,
) -> Seen:
    """Records for so long, or until it is cancelled or the browser is gone; `into` is the log's file.

    `tell` hears twice a second how it stands. A cancellation ends the recording early and is kept to
    itself: what was seen is returned.

    Raises:
        UnreachableError: no browser answers at the address.
        WatchError: it refuses to be watched, or went away before it handed over what it had.
    """
    async with connected(address) as browser:
        observation = Observation(browser, into, evidence=evidence, live=live)
        await observation.begin()
        try:
            await _wait(browser, seconds, tell, observation.in_flight)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task
            task.uncancel()
        except (ProtocolError, TimeoutError) as problem:
            if not browser.closed.is_set():
                raise WatchError(f"The browser at {address} does not answer any more.") from problem
        if browser.closed.is_set():
            raise WatchError("The browser ended while it was watched, and what it had recorded with it.")
        return await observation.end()


async def _wait(browser: Connection, seconds: float, tell: Tell, in_flight: LiveRequests | None) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while (left := end - loop.time()) > 0 and not browser.closed.is_set():
        tell(await _tabs(browser), left, in_flight.look() if in_flight else None)
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
    try:
        log = foreign.read(seen.log, url=choice.url, since_ns=round(choice.since_s * 1e9))
    except foreign.NoEventsError as silence:  # the category was asked for, so there was nothing to tell
        raise LogError(
            "What was watched holds no request: open the pages while the browser is watched."
        ) from silence
    headless = "Headless" in seen.name
    log.browser = BrowserFacts(seen.name, seen.version, "", headless, ())
    log.doubts += [BEGUN_BEFORE, *seen.doubts]
    return explain_log(log, seen.log, choice, command="watch")
