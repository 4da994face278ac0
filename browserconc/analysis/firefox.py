"""What Firefox's log says of one request, for the causes that recognise it there.

Its spans are those of `evidence/mozlog_channel.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import HANDOVER_NS, Case
from browserconc.model.timeline import Span, Timeline

SOURCE = "mozlog"
_RELEASE_NS = 100_000_000
"""A waiter is told of a free entry in the next turns of Firefox's main thread (measured: up to 20 ms)."""


def cache_wait(timeline: Timeline, case: Case) -> Span | None:
    """The wait for another request's answer at a cache entry; None where opening the entry took the time.

    Firefox logs both as one stretch. It was a wait if it ended by giving up, or between the response
    headers and the end of a request for the same address.
    """
    span = timeline.span(SOURCE, "cache-wait")
    if span is None or (end_ns := _end(span, timeline)) - span.start_ns <= HANDOVER_NS:
        return None
    if span.detail.get("timed_out") or span.end_ns is None:
        return span
    for other in case.timelines:
        answered = other.span(SOURCE, "wait") if other is not timeline and other.url == timeline.url else None
        if answered is None or answered.end_ns is None:
            continue
        stopped = other.span(SOURCE, "stopped")
        over_ns = max(answered.end_ns, stopped.start_ns if stopped else 0)
        if answered.end_ns <= end_ns <= over_ns + _RELEASE_NS:
            return span
    return None


def queued(timeline: Timeline, limit: str) -> Iterator[tuple[int, int]]:
    """The stretches in the connection manager's queue for that reason, "group" or "pool"."""
    for span in _spans(timeline):
        if span.name == "pending" and span.detail.get("limit") == limit:
            yield span.start_ns, _end(span, timeline)


def connections_counted(case: Case, limit: str) -> int | None:
    """How many connections Firefox counted when it queued requests; the most of all that it told."""
    counts = [
        held
        for timeline in case.timelines
        for span in _spans(timeline)
        if span.name == "pending"
        and span.detail.get("limit") == limit
        and isinstance(held := span.detail.get("held"), int)
    ]
    return max(counts, default=None)


def own_work(timeline: Timeline, case: Case) -> Iterator[tuple[int, int, str]]:
    """What Firefox itself spent on the request, with the reason."""
    steps = sorted((s for s in _spans(timeline) if s.name not in ("request", "stopped")), key=_start)
    request = timeline.span(SOURCE, "request")
    if request is None or not steps:
        return
    if request.start_ns > timeline.start_ns:
        yield timeline.start_ns, request.start_ns, "before the network stack saw the request"
    yield request.start_ns, steps[0].start_ns, "before it opened a cache entry"
    reached_ns = steps[0].start_ns
    for step in steps:
        if 0 < step.start_ns - reached_ns <= HANDOVER_NS:
            yield reached_ns, step.start_ns, f"before {step.name}"
        if step.end_ns is None:
            continue
        reached_ns = max(reached_ns, step.end_ns)
        if step.name == "pacing":
            yield step.start_ns, step.end_ns, "new connections are paced"
        if step.name == "cache-wait" and cache_wait(timeline, case) is None:
            yield step.start_ns, step.end_ns, "opening its cache entry"
        if step.name == "pending" and step.end_ns - step.start_ns <= HANDOVER_NS:
            yield step.start_ns, step.end_ns, "in the connection manager's queue"
    received = timeline.span(SOURCE, "receive")
    if received and received.end_ns is not None and received.end_ns < timeline.end_ns:
        yield received.end_ns, timeline.end_ns, "until the tab had loaded the answer"


def _spans(timeline: Timeline) -> tuple[Span, ...]:
    track = timeline.tracks.get(SOURCE)
    return track.spans if track else ()


def _start(span: Span) -> int:
    return span.start_ns


def _end(span: Span, timeline: Timeline) -> int:
    return timeline.end_ns if span.end_ns is None else span.end_ns
