"""The browser's own work on a request.

Before its network stack sees it, between the stack's steps, and after the last byte until the tab
has loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from browserconc.analysis import firefox
from browserconc.model.cause import HANDOVER_NS, Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Span, Timeline

_OWN_STEPS = ("HTTP_CACHE_", "NETWORK_DELEGATE_", "URL_REQUEST_DELEGATE_")
_ENVELOPES = ("REQUEST_ALIVE", "URL_REQUEST_START_JOB", "WEBSOCKET")
OUTSIDE_NS = 2_000_000_000
"""Longer than this outside the network stack is more than overhead (measured: up to 1.4 s for a hundred
tabs on two cores): a throttled tab, a renderer that is busy. It stays unexplained."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    track = timeline.tracks.get("netlog")
    if firefox.SOURCE in timeline.tracks:
        for start_ns, end_ns, because in firefox.own_work(timeline, case):
            yield Claim(CAUSE.id, start_ns, end_ns, because)
    elif track is None:
        yield from _by_cdp(timeline)
    if track is None:
        return
    steps = sorted([s for s in track.spans if s.name not in _ENVELOPES], key=attrgetter("start_ns"))
    if not steps:
        return
    begun_ns = timeline.start_ns
    if (asked := timeline.span("cdp", "asked")) and begun_ns < asked.start_ns < steps[0].start_ns:
        yield Claim(CAUSE.id, begun_ns, asked.start_ns, "before the page asked")
        begun_ns = asked.start_ns
    if steps[0].start_ns - begun_ns <= OUTSIDE_NS:
        yield Claim(CAUSE.id, begun_ns, steps[0].start_ns, "before the network stack saw the request")
    yield from _own_steps(steps)
    yield from _handovers(steps)
    got = track.span("HTTP_STREAM_REQUEST")
    made = [s.end_ns for s in steps if s.name in ("TCP_CONNECT", "SSL_CONNECT") and s.end_ns is not None]
    if got and got.end_ns is not None and made and 0 < got.end_ns - max(made) <= OUTSIDE_NS:
        # Measured: up to 0.2 s where the one thread of the stack has two hundred connections to hand out.
        yield Claim(CAUSE.id, max(made), got.end_ns, "until its connection was handed to it")
    if (headers := track.span("HTTP_TRANSACTION_READ_HEADERS")) and headers.end_ns is not None:
        last_ns = max([s.end_ns for s in steps if s.end_ns is not None])
        if timeline.end_ns - last_ns <= OUTSIDE_NS:
            yield Claim(CAUSE.id, last_ns, timeline.end_ns, "until the tab had loaded the answer")


def _by_cdp(timeline: Timeline) -> Iterator[Claim]:
    """What CDP alone can tell; a longer "blocked" may be a lock or a limit, so it stays unexplained."""
    asked, queued = timeline.span("cdp", "asked"), timeline.span("cdp", "queued")
    if asked is None:
        return
    yield Claim(CAUSE.id, timeline.start_ns, asked.start_ns, "before the page asked")
    if queued and queued.end_ns is not None:
        yield Claim(CAUSE.id, queued.start_ns, queued.end_ns, "before the network stack had the request")
    blocked = timeline.span("cdp", "blocked")
    if blocked and blocked.end_ns is not None and blocked.end_ns - blocked.start_ns <= HANDOVER_NS:
        yield Claim(CAUSE.id, blocked.start_ns, blocked.end_ns, "on its way to a connection")
    received = timeline.span("cdp", "receive")
    if received and received.end_ns is not None:
        yield Claim(CAUSE.id, received.end_ns, timeline.end_ns, "until the tab had loaded the answer")


def _own_steps(steps: list[Span]) -> Iterator[Claim]:
    for name, start_ns, end_ns, _ in steps:
        if end_ns is None or end_ns <= start_ns:
            continue  # most are over in the millisecond in which they began
        if name.startswith(_OWN_STEPS) and name != "HTTP_CACHE_ADD_TO_ENTRY":
            yield Claim(CAUSE.id, start_ns, end_ns, name)


def _handovers(steps: list[Span]) -> Iterator[Claim]:
    """Short stretches between two steps of the stack; a long one stays unexplained."""
    reached_ns = steps[0].start_ns
    for name, start_ns, end_ns, _ in steps:
        if 0 < start_ns - reached_ns <= HANDOVER_NS:
            yield Claim(CAUSE.id, reached_ns, start_ns, f"before {name}")
        if end_ns is not None:
            reached_ns = max(reached_ns, end_ns)
            if name == "HTTP_CACHE_ADD_TO_ENTRY" and 0 < end_ns - start_ns <= HANDOVER_NS:
                yield Claim(CAUSE.id, start_ns, end_ns, name)


CAUSE = Cause(
    id="browser-overhead",
    title="browser",
    culprit="browser",
    what="Time that the browser spends on a request itself: following the navigation to its network stack, "
    "reading the cache's index, loading the document after the last byte.",
    recognised="Gaps between the page's and the network stack's times, and the stack's own named steps.",
    remedy="Fewer tabs at once, or fetch() instead of navigations.",
    claims=_claims,
)
