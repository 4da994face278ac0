"""Partitions each request's time: overlapping claims in, slices that sum exactly out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from browserconc.model.finding import UNATTRIBUTED, Claim, Slice


def attribute(start_ns: int, end_ns: int, claims: Sequence[Claim]) -> tuple[Slice, ...]:
    """An exact partition of start..end; where claims overlap, the one earlier in the list wins.

    What nobody claims is UNATTRIBUTED. Neighbours of one cause are joined.
    """
    if end_ns <= start_ns:
        return ()
    cuts = {start_ns, end_ns}
    for claim in claims:
        cuts.update(cut for cut in (claim.start_ns, claim.end_ns) if start_ns < cut < end_ns)
    edges = sorted(cuts)
    slices: list[Slice] = []
    for begin, end in pairwise(edges):
        owner = next((c for c in claims if c.start_ns <= begin and c.end_ns >= end), None)
        cause, because = (owner.cause, owner.because) if owner else (UNATTRIBUTED, "")
        if slices and slices[-1].cause == cause:
            last = slices.pop()
            slices.append(Slice(cause, last.start_ns, end, last.because or because))
        else:
            slices.append(Slice(cause, begin, end, because))
    return tuple(slices)
