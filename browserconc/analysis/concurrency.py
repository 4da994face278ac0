"""How many at once: levels of overlap from intervals."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from browserconc.model.cause import Case
from browserconc.model.finding import Concurrency
from browserconc.model.timeline import Track

Interval = tuple[int, int]
HELD_SHARE = 0.5
"""A level counts as sustained when it was held for this part of a median service time in one
stretch. The last millisecond of one request over the first of the next is no concurrency."""


def levels(intervals: Sequence[Interval]) -> list[tuple[int, int, int]]:
    """Stretches (start, end, number of intervals that cover it), ascending and without gaps between."""
    changes = sorted([(start, 1) for start, _ in intervals] + [(end, -1) for _, end in intervals])
    stretches: list[tuple[int, int, int]] = []
    level = 0
    before = changes[0][0] if changes else 0
    for now, change in changes:
        if now > before:
            stretches.append((before, now, level))
            before = now
        level += change
    return stretches


def time_at_levels(intervals: Sequence[Interval], begin_ns: int, end_ns: int) -> dict[int, int]:
    """How long (ns) each number of intervals overlapped, between begin and end."""
    lasted: dict[int, int] = defaultdict(int)
    for start, end, height in levels(intervals):
        lasted[height] += max(min(end, end_ns) - max(start, begin_ns), 0)
    return lasted


def held_at_least(intervals: Sequence[Interval], level: int) -> int:
    """The longest stretch (ns) during which at least `level` intervals overlapped."""
    return _held(levels(intervals), level)


def _held(stretches: Sequence[tuple[int, int, int]], level: int) -> int:
    longest = current = 0
    for start, end, height in stretches:
        current = current + end - start if height >= level else 0
        longest = max(longest, current)
    return longest


def concurrency(intervals: Sequence[Interval], makespan_ns: int) -> Concurrency:
    """Sustained, peak and mean level; all zero without intervals."""
    if not intervals:
        return Concurrency(0, 0, 0.0)
    stretches = levels(intervals)
    peak = max((height for _, _, height in stretches), default=1)
    lengths = [end - start for start, end in intervals]
    needed = max(1, round(HELD_SHARE * median(lengths)))
    # A higher level is never held for longer than a lower one, so the highest that lasts can be bisected.
    lasting = bisect_left(range(2, peak + 1), True, key=lambda level: _held(stretches, level) < needed)
    effective = sum(lengths) / makespan_ns if makespan_ns > 0 else 0.0
    return Concurrency(1 + lasting, max(peak, 1), effective)


def service_spans(tracks: Iterable[Track], case: Case) -> list[Interval]:
    """When the server worked on each request, by its ledger; one that never ended lasts to the end."""
    found = []
    for track in tracks:
        if service := track.span("service"):
            end_ns = service.end_ns if service.end_ns is not None else case.evidence.ended_ns
            found.append((service.start_ns, max(end_ns, service.start_ns)))
    return found


def busy_throughout(
    intervals: Sequence[Interval], width: int, start_ns: int, end_ns: int, handover_ns: int
) -> bool:
    """Did `width` requests run from start to end, but for hand-overs from one to the next?"""
    cuts = sorted({start_ns, end_ns, *(t for i in intervals for t in i if start_ns < t < end_ns)})
    busy = idle = longest_idle = 0
    for begin, end in pairwise(cuts):
        if sum(s <= begin and e >= end for s, e in intervals) >= width:
            busy += end - begin
            idle = 0
        else:
            idle += end - begin
            longest_idle = max(longest_idle, idle)
    return longest_idle <= handover_ns and 2 * busy >= end_ns - start_ns
