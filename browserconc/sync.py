"""The library for programs without an event loop, and for notebooks: `browserconc.compare(tabs=10)`.

Each function runs its namesake of `browserconc.aio` in an event loop of its own; where the caller's
thread runs one already, as a notebook's does, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from browserconc import aio

__all__ = ["compare", "diagnose", "explain"]

_Arguments = ParamSpec("_Arguments")
_Outcome = TypeVar("_Outcome")


def blocking(
    function: Callable[_Arguments, Coroutine[Any, Any, _Outcome]],
) -> Callable[_Arguments, _Outcome]:
    @functools.wraps(function)
    def run(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Outcome:
        if not _in_a_loop():
            return asyncio.run(function(*args, **kwargs))
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(function(*args, **kwargs))).result()

    return run


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


compare = blocking(aio.compare)
diagnose = blocking(aio.diagnose)
explain = blocking(aio.explain)
