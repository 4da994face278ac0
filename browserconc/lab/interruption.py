"""Ctrl-C, SIGTERM and SIGHUP end a measurement in order; whoever is in a hurry sends a second one.

An order to end cancels the measurement, which saves what it has and closes what it opened. The
next one cancels the closing too: what it leaves behind is then killed by the household. Outside a
measurement the first of them raises KeyboardInterrupt, and no other disturbs our leaving.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any, TypeVar

LEFTOVERS_S = 2.0
INSISTENCE_S = 0.1
"""After which a task that is still there is cancelled once more."""
LOOP_IS_CLOSED = "Event loop is closed"
_LOG = logging.getLogger(__name__)
_Outcome = TypeVar("_Outcome")

_ORDERS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class InterruptionError(Exception):
    """A measurement was ended from outside; `in_haste` if more than one signal came."""

    def __init__(self, *, in_haste: bool) -> None:
        super().__init__("Interrupted.")
        self.in_haste = in_haste


def treat_alike() -> None:
    """Makes every order to end raise KeyboardInterrupt, except those that our parent ignores (nohup)."""
    for number in _heeded():
        # On Windows asyncio.run replaces the default handler, and no other, by a cancelling one.
        signal.signal(number, signal.default_int_handler if sys.platform == "win32" else _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    stop_listening()
    raise KeyboardInterrupt


def stop_listening() -> None:
    """From now on no order to end can disturb our leaving, which takes milliseconds."""
    for number in _heeded():
        signal.signal(number, signal.SIG_IGN)


def run(measure: Callable[[], Coroutine[Any, Any, _Outcome]]) -> _Outcome:
    """Runs a measurement to its end.

    Raises:
        InterruptionError: an order to end came; what the measurement had is saved, what it opened closed.
    """
    if sys.platform == "win32":  # whose loop has no signal handlers: asyncio.run turns Ctrl-C into our end
        return asyncio.run(_heedful(measure))
    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(_heedful(measure))
    except InterruptionError:
        _expect_leftovers()
        raise
    finally:
        _close(loop)
        treat_alike()  # the loop left the default dispositions behind


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """As `asyncio.run` does, but no longer than LEFTOVERS_S each: a library's task may refuse to end."""
    try:
        end = loop.time() + LEFTOVERS_S
        # Playwright answers a cancelled call by telling the driver and waits for its reply, which may be
        # gone: only the next cancellation ends that, and left to the end of the loop it is a traceback.
        while (left := asyncio.all_tasks(loop)) and loop.time() < end:
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=INSISTENCE_S))
        loop.run_until_complete(asyncio.wait_for(loop.shutdown_asyncgens(), LEFTOVERS_S))
        with suppress(TimeoutError):
            loop.run_until_complete(asyncio.wait_for(loop.shutdown_default_executor(), LEFTOVERS_S))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _expect_leftovers() -> None:
    """Keeps to ourselves what asyncio says, past the loop's handler, of a child that outlived its loop.

    A driver whose start was cut in two cannot be told to end; the household has killed it.
    """
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # a warning from the thread that awaits the child
    tell = sys.unraisablehook

    def tell_of_others(unraisable: sys.UnraisableHookArgs) -> None:
        if not (
            isinstance(unraisable.exc_value, RuntimeError) and str(unraisable.exc_value) == LOOP_IS_CLOSED
        ):
            tell(unraisable)

    sys.unraisablehook = tell_of_others


async def _heedful(measure: Callable[[], Coroutine[Any, Any, _Outcome]]) -> _Outcome:
    task = asyncio.create_task(measure())
    orders = 0

    def heed() -> None:
        nonlocal orders
        orders += 1
        task.cancel()

    def complain(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Ours are all awaited; what nobody awaits is a library's, when what it talked to is gone.
        if "never retrieved" not in context["message"] and "destroyed" not in context["message"]:
            _LOG.warning("%s: %s", context["message"], context.get("exception"))

    asyncio.get_running_loop().set_exception_handler(complain)
    if sys.platform != "win32":  # whose loop has no signal handlers: Ctrl-C cancels us instead
        for number in _heeded():
            asyncio.get_running_loop().add_signal_handler(number, heed)
    try:
        outcome = await task
    except asyncio.CancelledError:
        raise InterruptionError(in_haste=orders > 1) from None
    except Exception as problem:
        if orders:  # it was cut short in the middle of something that then failed
            raise InterruptionError(in_haste=orders > 1) from problem
        raise
    if orders:
        raise InterruptionError(in_haste=orders > 1)
    return outcome


def _heeded() -> list[signal.Signals]:
    """The orders that we may take: all but those ignored from the start; none outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return [number for number in _ORDERS if signal.getsignal(number) is not signal.SIG_IGN]
