"""An intermediary merges equal requests: one goes to the application, the others wait for its answer.

Evidence: so many were sent and answered, and the application's ledger has fewer of them (nginx'
proxy_cache_lock, request collapsing of caches). Where the answer may not be kept, the waiting ones go one
after the other, which is known from outside: equal ones are serial, others are not
(`analysis/outside_locks.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import HANDOVER_NS, Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Span, Timeline, Track


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if "ledger" not in case.evidence.sources or timeline.error is not None:
        return
    if (sent_ns := on_the_wire_ns(timeline)) is None:
        return
    service = timeline.span("ledger", "service")
    if service is None:
        if any(each.start_ns < timeline.end_ns and _end(each) > sent_ns for each in _equal(timeline, case)):
            because = "for the answer to an equal request: the application never saw this one"
            yield Claim(CAUSE.id, sent_ns, timeline.end_ns, because)
    elif case.evidence.facts.get("server_cause") == CAUSE.id and service.start_ns - sent_ns > HANDOVER_NS:
        because = "for an equal request, before the application was asked"
        yield Claim(CAUSE.id, sent_ns, service.start_ns, because)


def _equal(timeline: Timeline, case: Case) -> list[Span]:
    """What the application did for the same address, if that was for fewer requests than were sent."""
    parts = urlsplit(timeline.url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    equal = [other for other in case.timelines if other.url == timeline.url]
    tracks = [other.tracks["ledger"] for other in equal if "ledger" in other.tracks]
    tracks += [track for track in case.strangers if track.url == target]
    spans = [service for track in tracks if (service := _service(track))]
    return spans if len(spans) < len(equal) else []


def _service(track: Track) -> Span | None:
    return track.span("service")


def _end(span: Span) -> int:
    return span.end_ns if span.end_ns is not None else span.start_ns


def _limit(case: Case) -> int | None:
    return 1


CAUSE = Cause(
    id="proxy-coalesce",
    title="merged requests",
    culprit="server",
    what="A proxy or cache before the application merges equal requests: one is passed on, and the others "
    "wait for its answer, or for their turn if it may not be shared.",
    recognised="The application saw fewer requests than were sent; or by raw sockets equal requests are "
    "serial or get the very same answer, and requests with a query of their own do not.",
    remedy="Ask the application past the proxy, or give every request a query of its own.",
    claims=_claims,
    needs=frozenset({"ledger"}),
    limits=True,
    limit=_limit,
)
