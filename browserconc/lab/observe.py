"""Asks the browsers, for the length of one trial, what they see of its requests.

The NetLog file needs nothing during a trial. The trace and CDP do: sessions are opened before the
tabs are armed and closed after the last request. What cannot be observed is a doubt, not a failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from browserconc.evidence import cdp, nettrace, nettrace_capture
from browserconc.lab.browser import DriverError, Tabs, first_line

SESSION_TIMEOUT_S = 10.0
INTERRUPTED_S = 5.0
"""After Ctrl-C a trace is fetched only if the browser hands it over in this time."""


class _Session(nettrace_capture.Session, Protocol):
    async def detach(self) -> None: ...


@asynccontextmanager
async def observed(
    tabs: Tabs | None, evidence: Collection[str], folder: Path, secret_headers: Collection[str] = ()
) -> AsyncIterator[list[str]]:
    """Observes the tabs of one trial; the logs lie in `folder` afterwards.

    Args:
        tabs: those of the trial; None where it needs no browser.
        evidence: of its names, "trace" and "cdp" mean something here.
        folder: the trial's recording.
        secret_headers: headers that no log may keep, beside those that everybody knows.

    Yields:
        sentences about what could not be observed; complete when the trial is left.
    """
    doubts: list[str] = []
    async with AsyncExitStack() as stack:
        if tabs and "cdp" in evidence:
            await stack.enter_async_context(_cdp(tabs, folder / cdp.FILE, doubts))
        if tabs and "trace" in evidence:
            for number, browser in enumerate(tabs.browsers()):
                name = nettrace.FILE if number == 0 else nettrace.FILE.replace(".", f"-{number + 1}.")
                await stack.enter_async_context(traced(browser, folder / name, doubts, secret_headers))
        yield doubts


@asynccontextmanager
async def traced(
    browser: Any, path: Path, doubts: list[str], secret_headers: Collection[str] = ()
) -> AsyncIterator[None]:
    """Traces one browser's network stack; afterwards the trace lies in `path`, or a doubt says why not."""
    session = await _tracing(browser, doubts)
    if session is None:
        yield
        return
    limit_s: float | None = None
    try:
        yield
    except BaseException:
        limit_s = INTERRUPTED_S
        raise
    finally:
        try:
            capture = await asyncio.wait_for(nettrace_capture.stop(session, path, secret_headers), limit_s)
            if capture.lossy:
                doubts.append("The browser's trace buffer was full: the trace misses events.")
        except (nettrace_capture.CaptureError, TimeoutError) as problem:
            doubts.append(f"The trace of the browser's network stack is lost: {_reason(problem)}")
        await _detached(session)


async def _tracing(browser: Any, doubts: list[str]) -> _Session | None:
    lacking = "There is no trace of the browser's network stack:"
    try:
        session: _Session = await asyncio.wait_for(browser.new_browser_cdp_session(), SESSION_TIMEOUT_S)
    except (DriverError, TimeoutError) as problem:
        doubts.append(f"{lacking} {_reason(problem)}")
        return None
    try:
        await nettrace_capture.start(session)
    except nettrace_capture.CaptureError as problem:
        doubts.append(f"{lacking} {_reason(problem)}")
        await _detached(session)
        return None
    return session


@asynccontextmanager
async def _cdp(tabs: Tabs, path: Path, doubts: list[str]) -> AsyncIterator[None]:
    capture = cdp.Capture()
    sessions: list[_Session] = []
    try:
        async with asyncio.timeout(SESSION_TIMEOUT_S):
            for page in tabs.pages:
                sessions.append(await page.context.new_cdp_session(page))
            await asyncio.gather(*(capture.watch(session, i) for i, session in enumerate(sessions)))
    except (DriverError, TimeoutError) as problem:
        doubts.append(f"Not every page could be observed over CDP: {_reason(problem)}")
    try:
        yield
    finally:
        try:
            capture.save(path)
        except OSError as problem:
            doubts.append(f"{path} cannot be written ({problem.strerror}).")
        await asyncio.gather(*(_detached(session) for session in sessions))


async def _detached(session: _Session) -> None:
    """Ends a session; of a page that crashed it is gone already."""
    try:
        async with asyncio.timeout(SESSION_TIMEOUT_S):
            await session.detach()
    except (DriverError, TimeoutError):
        pass


def _reason(problem: BaseException) -> str:
    text = "the browser did not answer in time" if isinstance(problem, TimeoutError) else first_line(problem)
    return text if text.endswith(".") else f"{text}."
