"""`browserconc.watch`: a running browser watched from within the program that drives it.

    async with browserconc.watch(browser) as seen:   # Playwright's Browser, or the URL of a debugging port
        await crawl(browser)
    print(seen.result.conclusion.summary)

Without an event loop it is `with browserconc.watch("http://127.0.0.1:9222") as seen:`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from browserconc import observation
from browserconc.evidence.nettrace_capture import Session
from browserconc.explanation import Choice
from browserconc.lab.cdp_connection import connected
from browserconc.lab.process import Household
from browserconc.outcome import MeasurementError, Result, in_one_sentence
from browserconc.sync import blocking

_Outcome = TypeVar("_Outcome")


class Seen:
    """A browser while it is watched; afterwards `result` says what its requests waited for."""

    def __init__(self, browser: Any, *, url: str | None = None, out: str | Path | None = None) -> None:
        """`browser` is Playwright's (asynchronous) Browser or the URL of a debugging port."""
        self._browser = browser
        self._choice = Choice(url)
        self._out = Path(out) if out else None
        self._result: Result | MeasurementError | None = None
        self._stack = AsyncExitStack()
        self._observation: observation.Observation | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def result(self) -> Result:
        """What was seen.

        Raises:
            MeasurementError: it is still being watched, or nothing was seen.
        """
        if self._result is None:
            raise MeasurementError("The browser is still watched; the result is known after the block.")
        if isinstance(self._result, MeasurementError):
            raise self._result
        return self._result

    async def __aenter__(self) -> Self:
        with in_one_sentence():
            try:
                household = self._stack.enter_context(Household())
                into = self._out or Path(household.folder("watch")) / "log"
                self._observation = observation.Observation(await self._session(), into)
                await self._observation.begin()
            except BaseException:
                await self._stack.aclose()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._observation
        async with self._stack:
            if error is not None and not isinstance(error, Exception):
                return  # cancelled or interrupted: nobody waits for the result
            try:
                with in_one_sentence():
                    seen = await self._observation.end()
                    self._result = Result.of(
                        await asyncio.to_thread(observation.explained, seen, self._choice)
                    )
            except (
                MeasurementError
            ) as problem:  # the caller's program goes on; who asks for the result hears it
                self._result = problem

    async def _session(self) -> Session:
        if isinstance(self._browser, str):
            return await self._stack.enter_async_context(connected(self._browser))
        if hasattr(self._browser, "new_browser_cdp_session"):
            opening = self._browser.new_browser_cdp_session()
            if asyncio.iscoroutine(opening):
                session: Any = await opening
                self._stack.push_async_callback(session.detach)
                return session  # type: ignore[no-any-return]
        raise MeasurementError(
            f"A {type(self._browser).__name__} cannot be watched: give a Chromium Browser of "
            'playwright.async_api, or the URL of a debugging port, such as "http://127.0.0.1:9222".'
        )

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            return self._wait(self.__aenter__())
        except BaseException:
            self._stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._wait(self.__aexit__(kind, error, trace))
        finally:
            self._stop()

    def _wait(self, doing: Coroutine[Any, Any, _Outcome]) -> _Outcome:
        assert self._loop
        future: Future[_Outcome] = asyncio.run_coroutine_threadsafe(doing, self._loop)
        return future.result()

    def _stop(self) -> None:
        assert self._loop
        assert self._thread
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@overload
def watch(browser: Any, *, url: str | None = ..., out: str | Path | None = ...) -> Seen: ...


@overload
def watch(browser: str, seconds: float, *, url: str | None = ..., out: str | Path | None = ...) -> Result: ...


def watch(
    browser: Any, seconds: float | None = None, *, url: str | None = None, out: str | Path | None = None
) -> Seen | Result:
    """Watches a running browser: for `seconds`, or as long as a `with` or `async with` block lasts.

    Args:
        browser: the URL of a debugging port; in an `async with` block also Playwright's Browser.
        seconds: None for a block.
        url: only requests whose address matches; * is any text.
        out: the file in which to keep what was seen, for `explain`.

    Raises:
        MeasurementError: no browser answers, it cannot be watched, or made no such request.
    """
    if seconds is None:
        return Seen(browser, url=url, out=out)
    from browserconc import aio  # noqa: PLC0415

    return blocking(aio.watch)(browser, seconds, url=url, out=out)
