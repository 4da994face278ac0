"""Partitions each request's time: overlapping claims in, slices that sum exactly out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from browserconc.model.finding import UNATTRIBUTED, Claim, Slice


def attribute(start_ns: int, end_ns: int, claims: Sequence[Claim], *, zero_ns: int = 0) -> tuple[Slice, ...]:
    """An exact partition of start..end; where claims overlap, the one earlier in the list wins.

    What nobody claims is UNATTRIBUTED. Neighbours of one cause are joined. The slices' instants are
    relative to `zero_ns`.
    """
    if end_ns <= start_ns:
        return ()
    cuts = {start_ns, end_ns}
    for _, begin_ns, until_ns, _ in claims:
        if start_ns < begin_ns < end_ns:
            cuts.add(begin_ns)
        if start_ns < until_ns < end_ns:
            cuts.add(until_ns)
    slices: list[Slice] = []
    owner, since_ns, reason = "", start_ns, ""
    for begin_ns, until_ns in pairwise(sorted(cuts)):
        cause, because = UNATTRIBUTED, ""
        for claim in claims:
            if claim[1] <= begin_ns and claim[2] >= until_ns:  # not by name: this runs for each pair
                cause, _, _, because = claim
                break
        if cause == owner:
            reason = reason or because
            continue
        if begin_ns > start_ns:
            slices.append(Slice(owner, since_ns - zero_ns, begin_ns - zero_ns, reason))
        owner, since_ns, reason = cause, begin_ns, because
    slices.append(Slice(owner, since_ns - zero_ns, end_ns - zero_ns, reason))
    return tuple(slices)
