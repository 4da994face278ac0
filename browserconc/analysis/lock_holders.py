"""Who waits for the lock of a cache entry waits for whatever its holder waits for.

The first of several requests for one address holds the entry's lock until it has its headers. If it has
to wait for a connection itself, the others behind it are held back by the limit of connections, not by
the lock: without that limit the lock would be passed on at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from browserconc.analysis.attribute import attribute
from browserconc.model.finding import Claim, RequestFinding, Slice

LOCK = "cache-lock"


def handed_on(requests: Sequence[RequestFinding], limits: Collection[str]) -> list[RequestFinding]:
    """The requests with every wait for a lock laid to the cause among `limits` that held its holder back."""
    same: dict[str, list[RequestFinding]] = defaultdict(list)
    for request in requests:
        same[request.url.partition("#")[0]].append(request)
    return [_handed_on(request, same[request.url.partition("#")[0]], limits) for request in requests]


def _handed_on(
    request: RequestFinding, same: Sequence[RequestFinding], limits: Collection[str]
) -> RequestFinding:
    waits = [piece for piece in request.slices if piece.cause == LOCK]
    if not waits or len(same) < 2:
        return request
    claims = [
        Claim(piece.cause, piece.start_ns, piece.end_ns, f"behind a request that waited {piece.because}")
        for other in same
        if other is not request
        for piece in other.slices
        if piece.cause in limits and piece.cause != LOCK
    ]
    slices: list[Slice] = []
    for piece in request.slices:
        if piece.cause != LOCK:
            slices.append(piece)
            continue
        own = Claim(LOCK, piece.start_ns, piece.end_ns, piece.because)
        slices += attribute(piece.start_ns, piece.end_ns, [*claims, own])
    return replace(request, slices=tuple(slices))
