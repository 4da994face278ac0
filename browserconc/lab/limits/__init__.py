"""The measurements of a browser's limits, in the order of the report. One file per part of the browser."""

from __future__ import annotations

from browserconc.lab.limit_bench import Measurement
from browserconc.lab.limits import (
    cache_lock,
    http2,
    per_host,
    pool,
    sockets_and_streams,
    speculation,
    timers,
)

MEASUREMENTS: dict[str, Measurement] = {
    measurement.id: measurement
    for part in (per_host, pool, sockets_and_streams, http2, cache_lock, speculation, timers)
    for measurement in part.MEASUREMENTS
}
