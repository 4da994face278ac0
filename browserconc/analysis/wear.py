"""What pages leave behind in tabs that are reused: memory that stays, and pages that get slower."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

from browserconc.model.tuning import Wear, Window

_SURE = 4.0
"""A slope counts from four of its standard errors on: pages of one tab are not independent of each other."""
_LEAST_PAGES = 30
_NOTICEABLE = 0.1
"""A context is worth replacing when its pages take a tenth longer, or its memory has doubled."""


def wear(windows: Sequence[Window], turns: Sequence[Window]) -> Wear | None:
    """What tabs that were reused say; None where they loaded too little to say it.

    Args:
        windows: those of one setting.
        turns: all windows during which no tab was opened or closed, in the order of time.
    """
    pairs = [
        (age, ns)
        for window in windows
        for age, ns in zip(window.ages, window.durations_ns, strict=True)
        if age > 2  # the first pages of a tab start its process
    ]
    if len(pairs) < _LEAST_PAGES:
        return None
    slower = _slope([age for age, _ in pairs], [ns for _, ns in pairs])
    mean_ns = fmean(ns for _, ns in pairs)
    per_page = _bytes_per_page(turns)
    recycle = []
    if slower is not None and slower > 0:
        recycle.append(round(_NOTICEABLE * mean_ns / slower))
    alone = next((window.memory_bytes for window in windows if window.memory_bytes), None)
    if per_page and alone:
        recycle.append(max(1, round(alone / per_page)))
    return Wear(
        pages_per_tab=max(age for age, _ in pairs),
        bytes_per_page=per_page,
        slower_per_100=None if slower is None else 100 * slower / mean_ns,
        recycle_after=min(recycle, default=None),
    )


def _bytes_per_page(turns: Sequence[Window]) -> int | None:
    """How much the open tabs' memory grew per page, where it grew for sure."""
    sizes: list[float] = []
    pages: list[float] = []
    done = 0
    for window in turns:
        done += len(window.durations_ns)
        if window.pool_bytes is not None:
            sizes.append(window.pool_bytes)
            pages.append(done)
    slope = _slope(pages, sizes) if len(sizes) > 3 else None
    return round(slope) if slope is not None and slope > 0 else None


def _slope(x: Sequence[float], y: Sequence[float]) -> float | None:
    """The slope of y over x where it is surely not zero."""
    mean_x, mean_y = fmean(x), fmean(y)
    width = sum((a - mean_x) ** 2 for a in x)
    if len(x) < 3 or width == 0:
        return None
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / width
    rest = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y, strict=True))
    error = sqrt(rest / (len(x) - 2) / width)
    return slope if abs(slope) > _SURE * error else None
