"""Lets somebody's own code go in every tab at once, instead of navigations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from browserconc.evidence.client import ClientLine
from browserconc.lab.browser import Page
from browserconc.lab.release import Arrive, Finished, Released

Call = Callable[[Any], Awaitable[Any]]
"""Is given a page and does with it whatever is to be measured."""


class CallError(Exception):
    """The code failed in some tab; the first failure is the cause."""


async def called(
    call: Call,
    pages: Sequence[Page],
    timeout_s: float,
    finished: Finished,
    seen: list[ClientLine],
) -> Released:
    """Calls it with every page at the same instant; one line per page, until its call returned.

    Raises:
        CallError: a call raised.
    """
    released_ns = time.monotonic_ns()
    failures: list[BaseException] = []

    async def one(index: int, page: Page) -> None:
        error = None
        try:
            async with asyncio.timeout(timeout_s):
                await call(page)
        except TimeoutError:
            error = f"not done within {timeout_s:g} s"
        except Exception as problem:
            failures.append(problem)
            error = type(problem).__name__
        seen.append(ClientLine(index, page.url, None, released_ns, done_ns=time.monotonic_ns(), error=error))
        finished()

    await asyncio.gather(*(one(index, page) for index, page in enumerate(pages)))
    if failures:
        raise CallError(f"{type(failures[0]).__name__} in the measured code: {failures[0]}") from failures[0]
    return Released(released_ns, time.monotonic_ns(), sorted(seen, key=lambda line: line.index))


def in_every_tab(call: Call) -> Callable[..., Awaitable[Released]]:
    """What `release.navigate` is replaced by: the addresses are the code's own affair."""

    async def let_go(
        pages: Sequence[Page],
        urls: Sequence[str],
        timeout_s: float,
        finished: Finished,
        seen: list[ClientLine],
        gates: list[str],
        arrive: Arrive,
    ) -> Released:
        return await called(call, pages, timeout_s, finished, seen)

    return let_go
