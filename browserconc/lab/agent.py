"""What lives in a host's Dask worker during a run: a loop in a thread, a household, and work to be let go.

The functions are what the coordinator (`hosts.py`) sends for, whatever the agent does; each is a task on
one worker, so its arguments and its answer must be picklable.
"""

from __future__ import annotations

import asyncio
import os
import platform
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psutil

from browserconc import __version__
from browserconc.lab.browser import BrowserError
from browserconc.lab.process import Household, ProcessError
from browserconc.lab.start_instant import hold_until

CLOSING_S = 30.0
ARMING_S = 120.0
LEASE_S = 300.0
"""An agent that nobody asks for anything for so long ends: its coordinator was killed."""
BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Tells Linux machines apart; containers of one machine have the same."""

_T = TypeVar("_T")


class AgentError(Exception):
    """This host cannot do its share: one sentence."""


@dataclass(frozen=True, slots=True)
class Host:
    """What a host is. `memory_bytes` is all of it; hosts of one `machine` share its processors."""

    version: str
    platform: str
    cpus: int
    memory_bytes: int
    machine: str = ""


class Closing(Protocol):
    """Any agent."""

    def close(self) -> dict[str, bytes]:
        """Ends all that it started; gives the files that are worth keeping."""


class Surroundings:
    """A loop in a thread of its own, a household, and at most one piece of work that waits to be let go."""

    def __init__(self) -> None:
        """Starts the thread and nothing else."""
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="browserconc-agent", daemon=True)
        self._thread.start()
        self.household = Household()
        self._flight: Future[Any] | None = None
        self._armed = threading.Event()
        self._start_ns: asyncio.Future[int] | None = None

    def call(self, work: Coroutine[Any, Any, _T], timeout_s: float) -> _T:
        """Runs the work in the loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def arm(self, work: Coroutine[Any, Any, Any]) -> bool:
        """Begins the work and waits until it awaits `ready` or `start`; False where it ended before.

        Raises:
            AgentError: it did not get there in time; and whatever the work raises.
        """
        self._armed.clear()
        self._flight = asyncio.run_coroutine_threadsafe(self._flying(work), self.loop)
        deadline = time.monotonic() + ARMING_S
        while not self._armed.wait(0.05):
            if self._flight.done():
                self._flight.result()
                return False
            if time.monotonic() > deadline:
                self._flight.cancel()
                raise AgentError(f"Its tabs were not ready within {ARMING_S:g} s.")
        return True

    def go(self, at_ns: int, timeout_s: float) -> Any:
        """Lets the work go at that instant of this host's clock; what it gives.

        Raises:
            AgentError: it was not over in time.
        """
        assert self._flight
        assert self._start_ns
        if not self._flight.done():
            self.loop.call_soon_threadsafe(self._start_ns.set_result, at_ns)
        try:
            return self._flight.result(timeout_s)
        except TimeoutError:
            self._flight.cancel()
            raise AgentError(f"Its share was not over within {timeout_s:g} s.") from None

    async def ready(self) -> int:
        """Says that all is ready; the agreed instant, as soon as it is known."""
        assert self._start_ns is not None
        self._armed.set()
        return await self._start_ns

    async def start(self) -> int:
        """Says that all is ready, and comes back at the agreed instant, with it."""
        at_ns = await self.ready()
        await self.loop.run_in_executor(None, hold_until, at_ns)
        return at_ns

    def cancel(self) -> None:
        """Ends the work that is under way."""
        if self._flight and not self._flight.done():
            self._flight.cancel()

    def close(self) -> None:
        """Ends every process, and the loop."""
        try:
            self.household.close()
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(CLOSING_S)

    def _run(self) -> None:
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(self._wind_up())
        finally:
            self.loop.close()

    async def _wind_up(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.loop.shutdown_default_executor()

    async def _flying(self, work: Coroutine[Any, Any, _T]) -> _T:
        self._start_ns = self.loop.create_future()
        return await work


_agents: dict[str, Closing] = {}
"""By run: what lives in this worker's process between two tasks."""
_leases: dict[str, threading.Timer] = {}


def clock() -> int:
    """This host's monotonic clock, in ns."""
    return time.monotonic_ns()


def machine_id() -> str:
    """Tells this machine from others for as long as it runs."""
    try:
        return BOOT.read_text().strip()
    except OSError:  # not Linux
        return platform.node()


def enter(run: str, make: Callable[..., Closing], *given: Any) -> Host | str:
    """Begins a run on this host with the agent `make(*given)`; the sentence that says why it cannot."""
    try:
        _agents[run] = make(*given)
    except (AgentError, BrowserError, ProcessError) as problem:
        return str(problem)
    _renew(run)
    memory_bytes = psutil.virtual_memory().total
    return Host(__version__, platform.platform(), os.cpu_count() or 1, memory_bytes, machine_id())


def tell(run: str, doing: Callable[..., _T], *given: Any) -> _T | str:
    """What `doing(agent, *given)` gives, or the sentence that says why it gives nothing."""
    if run not in _agents:
        return "Its agent is gone: the worker was restarted, or heard nothing from us for too long."
    _suspend(run)
    try:
        return doing(_agents[run], *given)
    except (AgentError, BrowserError, ProcessError) as problem:
        return str(problem)
    except OSError as problem:
        return f"Its files or sockets failed ({problem.strerror or problem})."
    finally:
        _renew(run)


def leave(run: str) -> dict[str, bytes]:
    """Ends the run on this host; gives its browsers' logs by file name."""
    _suspend(run)
    agent = _agents.pop(run, None)
    return agent.close() if agent else {}


def _renew(run: str) -> None:
    _suspend(run)
    if run in _agents:
        _leases[run] = threading.Timer(LEASE_S, leave, (run,))
        _leases[run].daemon = True
        _leases[run].start()


def _suspend(run: str) -> None:
    if timer := _leases.pop(run, None):
        timer.cancel()
