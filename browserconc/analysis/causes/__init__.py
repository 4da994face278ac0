"""The causes, in the order in which they win where their claims overlap. One file per cause."""

from __future__ import annotations

from browserconc.analysis.causes import (
    browser_overhead,
    cache_lock,
    connection_setup,
    host_limit,
    load_throttle,
    machine_saturated,
    pool_limit,
    server_width,
    staggered_start,
)
from browserconc.model.cause import Cause

CAUSES: tuple[Cause, ...] = (
    staggered_start.CAUSE,
    cache_lock.CAUSE,
    host_limit.CAUSE,
    pool_limit.CAUSE,
    load_throttle.CAUSE,
    server_width.CAUSE,
    connection_setup.CAUSE,
    browser_overhead.CAUSE,
    machine_saturated.CAUSE,
)
