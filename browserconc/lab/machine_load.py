"""How busy this machine is: read before and after a trial, never during it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

PRESSURE = Path("/proc/pressure/cpu")
"""Linux's pressure stall information: how long some process was ready to run and had no core."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading; the shares lie between two of them."""

    now_ns: int
    total_s: float
    idle_s: float
    pressure_us: int | None

    @classmethod
    def take(cls) -> Reading:
        """Reads now; costs less than a millisecond."""
        times = psutil.cpu_times()
        # `guest` is part of `user` on Linux and would count twice.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        idle = times.idle + getattr(times, "iowait", 0.0)
        return cls(time.monotonic_ns(), total, idle, _pressure_us())

    def since(self, before: Reading) -> dict[str, float]:
        """Shares 0..1 since an earlier reading: cores' time in use, time with a process short of a core."""
        shares = {}
        total = self.total_s - before.total_s
        if total > 0:
            shares["cpu_busy_share"] = round(max(0.0, 1 - (self.idle_s - before.idle_s) / total), 3)
        passed_us = (self.now_ns - before.now_ns) / 1000
        if self.pressure_us is not None and before.pressure_us is not None and passed_us > 0:
            shares["cpu_pressure_share"] = round(
                min(1.0, (self.pressure_us - before.pressure_us) / passed_us), 3
            )
        return shares


def _pressure_us() -> int | None:
    try:
        some = PRESSURE.read_text().splitlines()[0]
        return int(some.rsplit("total=", 1)[1])
    except (OSError, IndexError, ValueError):
        return None
