"""What makes every tab slow without holding any back: the way to the server, or the page itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from browserconc.analysis.causes import CAUSES
from browserconc.analysis.critical_path import OWN
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import SERVICE, UNATTRIBUTED, RequestFinding, Verdict

NOTICEABLE_SHARE = 0.5
"""Of the time with the server: a way that takes less is not what makes a tab slow."""
NOTICEABLE_NS = 200_000_000
IDLE_NS = 500_000_000
"""A page whose own work takes so much longer beside others than alone may be waiting for them."""


def slow_network(
    loads: Sequence[RequestFinding], waiting: Mapping[str, int], limits: Sequence[Cause]
) -> Cause | None:
    """The way to the server, where it took the tabs longer than anything that held them back."""
    ways = [cause for cause in CAUSES if cause.culprit == "network" and not cause.limits]
    longest = max(ways, key=lambda cause: waiting.get(cause.id, 0))
    took = waiting.get(longest.id, 0)
    served = sum(p.duration_ns for load in loads for p in load.slices if p.cause == SERVICE)
    if took < max(NOTICEABLE_SHARE * served, NOTICEABLE_NS * len(loads)):
        return None
    return longest if took > sum(waiting.get(cause.id, 0) for cause in limits) else None


def idle_pages(loads: Sequence[RequestFinding], alone: RequestFinding | None) -> str | None:
    """Did pages take so much longer of their own that they may have waited for each other?"""
    if alone is None:
        return None
    more = max((_own_ns(load) for load in loads), default=0) - _own_ns(alone)
    if more <= max(IDLE_NS, alone.end_ns - alone.start_ns):
        return None
    return (
        f"Pages took up to {more / 1e9:.2f} s longer of their own than one alone, and no request shows what "
        "for: they may wait for each other (navigator.locks, IndexedDB), for a timer, or for a processor."
    )


def suspicious(
    verdict: Verdict, case: Case, loads: Sequence[RequestFinding], alone: RequestFinding | None
) -> Verdict:
    """The verdict; of idle pages that keep a database with the suspicion that its transactions hold them."""
    if verdict.kind != "undecided" or alone is None or not case.evidence.facts.get("databases"):
        return verdict
    if max(map(idle_ns, loads), default=0) - idle_ns(alone) <= IDLE_NS:
        return verdict
    return replace(verdict, suspect="web-lock")


def idle_ns(load: RequestFinding) -> int:
    """How long a tab asked for nothing, or for nothing that any log knows."""
    return sum(piece.duration_ns for piece in load.slices if piece.cause in (OWN, UNATTRIBUTED))


def _own_ns(load: RequestFinding) -> int:
    return sum(piece.duration_ns for piece in load.slices if piece.cause == OWN)
