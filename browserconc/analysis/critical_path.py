"""What the load of one tab waited for: a chain of requests, each begun when the one before allowed it."""

from __future__ import annotations

from collections.abc import Sequence

from browserconc.model.finding import UNATTRIBUTED, RequestFinding, Slice

SLACK_NS = 20_000_000
"""The driver hears of an answer a little late, and a page takes a little to go on."""
PROMPT_NS = 60_000_000
"""A request that begins so soon after another has ended was probably waiting for it."""
OWN = "browser-overhead"
LONGEST_OWN_NS = 2_000_000_000
"""A page that does nothing on the network for longer is waiting for something that is not seen."""


def critical_path(
    requests: Sequence[RequestFinding], start_ns: int, end_ns: int
) -> tuple[RequestFinding, ...]:
    """The requests of one tab that its load waited for, first to last.

    Walks back from the instant at which the tab was loaded: what ended last before it, then what ended
    just before that began, or else the document that named it while it was still coming.
    """
    left = [request for request in requests if request.start_ns < end_ns]
    within = [request for request in left if request.end_ns <= end_ns + SLACK_NS]
    last = max(within or left, key=lambda request: (request.end_ns, -request.start_ns), default=None)
    chain: list[RequestFinding] = []
    while last is not None and last.end_ns > start_ns:
        chain.append(last)
        left.remove(last)
        last = _before(last, left)
    return tuple(reversed(chain))


def _before(request: RequestFinding, left: Sequence[RequestFinding]) -> RequestFinding | None:
    earlier = [other for other in left if other.start_ns < request.start_ns]
    ended = [other for other in earlier if other.end_ns <= request.start_ns + SLACK_NS]
    latest = max(ended, key=lambda other: other.end_ns, default=None)
    if latest and request.start_ns - latest.end_ns <= PROMPT_NS:
        return latest
    going = [other for other in earlier if other.end_ns > request.start_ns + SLACK_NS]
    return min(going, key=lambda other: other.start_ns, default=latest)


def along(
    path: Sequence[RequestFinding], start_ns: int, end_ns: int, patience_ns: int = LONGEST_OWN_NS
) -> tuple[Slice, ...]:
    """An exact partition of start..end by what the requests of the path waited for.

    Between them the page itself was at work, or waited for what nobody saw if that took longer than
    `patience_ns`.
    """
    slices: list[Slice] = []
    reached_ns = start_ns
    for number, request in enumerate(path):
        until_ns = path[number + 1].start_ns if number + 1 < len(path) else request.end_ns
        until_ns = min(max(until_ns, reached_ns), request.end_ns, end_ns)
        if request.start_ns > reached_ns:
            slices.append(_own(reached_ns, min(request.start_ns, end_ns), patience_ns, first=number == 0))
            reached_ns = min(request.start_ns, end_ns)
        for piece in request.slices:
            begin, end = max(piece.start_ns, reached_ns), min(piece.end_ns, until_ns)
            if end > begin:
                slices.append(Slice(piece.cause, begin, end, piece.because))
                reached_ns = end
    if reached_ns < end_ns:
        slices.append(_own(reached_ns, end_ns, patience_ns, first=False))
    return tuple(piece for piece in slices if piece.end_ns > piece.start_ns)


def _own(start_ns: int, end_ns: int, patience_ns: int, *, first: bool) -> Slice:
    if end_ns - start_ns > patience_ns:
        return Slice(UNATTRIBUTED, start_ns, end_ns)
    because = "before the network stack saw the request" if first else "the page's own work"
    return Slice(OWN, start_ns, end_ns, because)
