"""From the windows that were measured to points, and what a point is worth.

Pure. The windows of one setting count together; those in which one thing was changed count apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from browserconc.model.tuning import Ask, Ceiling, Point, Setting, Window

Seen = tuple[Ask, Window]

SATURATED = 0.9
"""From this share of the processors on, more tabs mostly wait for each other's turn."""
HOLDS = 0.3
"""A cause binds where it has this much of the time that the requests took."""
VARIATIONS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("observed", {"observed": True}),
    ("no proxies", {"proxied": False}),
    ("new context per page", {"lifetime": "browser"}),
    ("new tab per page", {"lifetime": "context"}),
    ("many sites", {"many_sites": True}),
    ("cache off", {"cache": False}),
)
"""What is changed at the chosen setting: a name, and what the Ask says of it."""
SEPARATE = {purpose for purpose, _ in VARIATIONS}


def points(seen: Iterable[Seen], ceiling: Ceiling) -> dict[Setting, Point]:
    """Every setting that was measured, in the order in which it was tried; its windows together."""
    windows: dict[Setting, list[Window]] = {}
    for ask, window in seen:
        if ask.purpose not in SEPARATE:
            windows.setdefault(ask.setting, []).append(window)
    return {setting: _point(setting, mine, ceiling) for setting, mine in windows.items()}


def _point(setting: Setting, windows: Sequence[Window], ceiling: Ceiling) -> Point:
    durations = sorted(ns for window in windows for ns in window.durations_ns)
    rates = [rate for window in windows for rate in window.rates]
    memory = [window.memory_bytes for window in windows if window.memory_bytes is not None]
    point = Point(
        setting=setting,
        pages_per_s=_rate(windows),
        rate_error=stdev(rates) / sqrt(len(rates)) if len(rates) > 1 else 0.0,
        p50_ns=quantile(durations, 0.5),
        p95_ns=quantile(durations, 0.95),
        p99_ns=quantile(durations, 0.99),
        pages=len(durations),
        errors=sum(window.errors for window in windows),
        crashes=sum(window.crashes for window in windows),
        memory_bytes=max(memory, default=None),
        cpu_share=_mean([window.cpu_share for window in windows]),
        others_share=_mean([window.others_share for window in windows]),
        cpu_ns_per_page=_cpu_ns_per_page(windows),
        windows=len(windows),
    )
    return replace(point, bound_by=binds(point, ceiling, {}))


def _rate(windows: Sequence[Window]) -> float:
    """Pages per second over all of them: a longer window counts for more."""
    return fmean((window.pages_per_s for window in windows), (max(1, window.window_ns) for window in windows))


def _mean(values: Sequence[float | None]) -> float | None:
    """None where one of them is not known."""
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


def _cpu_ns_per_page(windows: Sequence[Window]) -> int | None:
    pages = sum(window.pages_per_s * window.window_ns / 1e9 for window in windows)
    used = _mean([window.cpu_ns for window in windows])
    if used is None:
        return None
    return round(used * len(windows) / pages) if pages else 0


def merit(point: Point, ceiling: Ceiling) -> float:
    """What is to be as large as possible.

    Throughput: the rate. Latency: the rate over the 95th percentile of a page's time (Kleinrock's
    power, whose peak is the knee of a queue). Memory: the rate per byte.
    """
    rate = point.pages_per_s
    match ceiling.goal:
        case "latency":
            return rate / max(1, point.p95_ns)
        case "memory":
            return rate / max(1, point.memory_bytes or 1)
        case _:
            return rate


def beyond(point: Point, ceiling: Ceiling) -> str | None:
    """The constraint that a point breaks, in a few words; None for a point that keeps to all of them."""
    total = point.setting.total
    tabs = "1 tab" if total == 1 else f"{total} tabs"
    if point.pages == 0:
        return f"no page was loaded with {tabs}"
    if too_many_failed(point, ceiling):
        return f"{point.error_share:.0%} of the pages failed with {tabs}"
    if ceiling.p95_ns is not None and point.p95_ns > ceiling.p95_ns:
        return f"the 95th percentile was {point.p95_ns / 1e9:.2f} s with {tabs}"
    if ceiling.memory_bytes is not None and (point.memory_bytes or 0) > ceiling.memory_bytes:
        return f"{tabs} took more than the memory allowed"
    if (
        ceiling.cpu_share is not None
        and (point.cpu_share or 0) - (point.others_share or 0) > ceiling.cpu_share
    ):
        return f"{tabs} took more than the processor time allowed"
    return None


def too_many_failed(point: Point, ceiling: Ceiling) -> bool:
    """Whether more pages failed than may; a single one of a few is no rate yet, unless none may fail."""
    single = point.errors == 1 and ceiling.error_share > 0
    return point.error_share > ceiling.error_share and not single


def allowed(measured: Iterable[Point], ceiling: Ceiling) -> list[Point]:
    """Those that keep to every constraint."""
    return [point for point in measured if beyond(point, ceiling) is None]


def best(measured: Iterable[Point], ceiling: Ceiling) -> Point | None:
    """The one with the most merit among those that keep to every constraint."""
    return max(allowed(measured, ceiling), key=lambda point: merit(point, ceiling), default=None)


def plain(seen: Sequence[Seen], setting: Setting) -> list[Window]:
    """The windows of a setting in which nothing was changed."""
    return [window for ask, window in seen if ask.setting == setting and ask.purpose not in SEPARATE]


def binds(point: Point, ceiling: Ceiling, waiting: Mapping[str, float]) -> str | None:
    """What keeps a point from being faster: a cause's id, a constraint, or None: nothing was seen to."""
    held = {cause: share for cause, share in waiting.items() if cause not in {"service", "unattributed"}}
    cause = max(held, key=lambda name: held[name], default=None)
    if ceiling.rate is not None and point.pages_per_s >= 0.95 * ceiling.rate:
        return "rate-cap"
    if (point.cpu_share or 0) >= SATURATED:
        return "machine-saturated"
    return cause if cause and held[cause] >= HOLDS else None


def quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that is not exceeded by that share of all; 0 of nothing."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0
