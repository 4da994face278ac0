"""How near this machine, or our part of it, is to the end of its memory.

The kernel ends processes when it is too late for everybody; this says earlier that no more may be opened.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from browserconc.lab import cgroup
from browserconc.model.crawl import Pressure

STALLS = Path("/proc/pressure/memory")
"""Linux's pressure stall information: how long processes waited for memory."""
SHARED = Path("/dev/shm")  # noqa: S108 - its free space is read, nothing is written
"""Where Chromium's processes share memory; a full one crashes tabs (64 MB in a container by default)."""

FREE_SHARE = 0.08
"""This part of the memory stays free, for everything else on the machine and for what tabs still grow."""
MOST_SWAPPED = 64_000_000
LEAST_SHARED = 16_000_000
MOST_STALLED = 10.0
"""Per cent of the last ten seconds in which some process waited for memory."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """Reads the pressure; what was swapped out before it was made is not ours."""

    swapped_before: int

    @classmethod
    def now(cls) -> Gauge:
        """Starts to watch."""
        return cls(_swapped())

    def read(self) -> Pressure:
        """The pressure now; costs less than a millisecond."""
        memory = psutil.virtual_memory()
        total, free = memory.total, memory.available
        left = cgroup.memory_left()
        limit = cgroup.memory_limit()
        if left is not None and limit is not None and left < free:
            total, free = min(total, limit), left
        headroom = max(0, free - round(FREE_SHARE * total))
        return Pressure(headroom, self._sign(headroom))

    def _sign(self, headroom: int) -> str | None:
        if headroom == 0:
            return "the memory is nearly used up"
        if _swapped() - self.swapped_before > MOST_SWAPPED:
            return "the machine has begun to swap"
        if _shared_free() < LEAST_SHARED:
            return f"{SHARED} is nearly full"
        if _stalled() > MOST_STALLED:
            return "processes wait for memory"
        return None


def _swapped() -> int:
    try:
        return int(psutil.swap_memory().used)
    except (OSError, RuntimeError, psutil.Error):  # not readable in some containers
        return 0


def _shared_free() -> int:
    if sys.platform == "win32" or not SHARED.is_dir():
        return LEAST_SHARED
    try:
        status = os.statvfs(SHARED)
    except OSError:
        return LEAST_SHARED
    return status.f_bavail * status.f_frsize


def _stalled() -> float:
    try:
        some = STALLS.read_text().splitlines()[0]
        return float(some.split("avg10=", 1)[1].split(" ", 1)[0])
    except (OSError, IndexError, ValueError):
        return 0.0
