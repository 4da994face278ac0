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
from browserconc.analysis.critical_path import OWN
from browserconc.analysis.service import host_and_path, on_the_wire_ns
from browserconc.model.cause import Case
from browserconc.model.finding import SERVICE, Claim, RequestFinding, Slice
from browserconc.model.timeline import Timeline

LOCK = "cache-lock"
SHARED = "until the answer that it shares was there"
"""Why a request counts as being with the server that never got there itself."""
QUICK_NS = 50_000_000
"""Of answers that take less the browser's own pace decides when the next request can go."""
LONG_NS = 1_000_000_000
"""Of quick answers only a wait of this length is laid to a limit."""


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


def after_the_lock(request: RequestFinding, timeline: Timeline, case: Case) -> RequestFinding:
    """Waits for a lock that are none: for an answer that is shared, or for the browser to pass it on.

    Who never went to the network had the answer of the one before. And an entry is passed on with the
    headers: if they come quickly, the browser takes longer for that than the server for them.
    """
    place = host_and_path(request.url)
    alone_ns = case.evidence.alone_headers_ns.get(place, case.evidence.alone_ns.get(place))
    alive = timeline.span("netlog", "REQUEST_ALIVE")
    ended = alive is not None and alive.end_ns is not None and request.error is None
    if ended and on_the_wire_ns(timeline) is None:
        cause, because, longest_ns = SERVICE, SHARED, None
    elif alone_ns is not None and alone_ns < QUICK_NS:
        cause, because, longest_ns = OWN, "until the browser passed the cache entry on", LONG_NS
    else:
        return request
    slices = tuple(
        replace(piece, cause=cause, because=because)
        if piece.cause == LOCK and (longest_ns is None or piece.duration_ns < longest_ns)
        else piece
        for piece in request.slices
    )
    return replace(request, slices=slices)
