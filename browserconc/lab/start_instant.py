"""Starts at an agreed instant: a thread sleeps until just before it and watches the clock from there."""

from __future__ import annotations

import time

SPIN_NS = 1_000_000
"""A thread that sleeps wakes late by up to this; the rest is waited for in a loop."""


def hold_until(at_ns: int) -> None:
    """Comes back at that instant of the monotonic clock, at once if it is over."""
    left_ns = at_ns - time.monotonic_ns() - SPIN_NS
    if left_ns > 0:
        time.sleep(left_ns / 1e9)
    while time.monotonic_ns() < at_ns:
        pass
