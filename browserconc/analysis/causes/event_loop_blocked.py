"""A coroutine that blocks its thread stops the event loop, and with it every other request.

Evidence: the server runs an event loop, the request was sent, and until the loop's thread took it
up it was always inside another request. A loop that were free would have started the request at
once. That the connection was accepted in between proves nothing: many loops accept in batches.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis.concurrency import busy_throughout, service_spans
from browserconc.analysis.processors import longest_handover_ns
from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline, Track

INSTANT_NS = 5_000_000
"""A loop that is free takes a request up within a few milliseconds; less than this is no block."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if case.evidence.facts.get("server_model") != "event-loop":
        return
    ledger, service = timeline.tracks.get("ledger"), timeline.span("ledger", "service")
    sent_ns = on_the_wire_ns(timeline)
    if ledger is None or service is None or sent_ns is None or service.start_ns - sent_ns < INSTANT_NS:
        return
    others = service_spans((t for t in _served(case) if t is not ledger and _loop(t) == _loop(ledger)), case)
    if busy_throughout(others, 1, sent_ns, service.start_ns, longest_handover_ns(case)):
        yield Claim(
            CAUSE.id,
            sent_ns,
            service.start_ns,
            "for the event loop: sent, but its thread was inside another request",
        )


def _limit(case: Case) -> int | None:
    """One request for each loop that took some."""
    return len({_loop(track) for track in _served(case)}) or None


def _served(case: Case) -> list[Track]:
    tracks = [t.tracks["ledger"] for t in case.timelines if "ledger" in t.tracks]
    return tracks + [track for track in case.strangers if track.span("service")]


def _loop(track: Track) -> tuple[object, object]:
    return track.facts.get("pid"), track.facts.get("thread")


CAUSE = Cause(
    id="event-loop-blocked",
    title="blocked event loop",
    culprit="server",
    what="A coroutine blocks its thread (time.sleep, a synchronous driver, long computing), so the event "
    "loop serves one request at a time although the server is asynchronous.",
    recognised="The server has an event loop, handlers run back to back in its one thread, and requests "
    "that were sent start only when the one before them lets go.",
    remedy="An async sleep or driver, asyncio.to_thread for what blocks, or more processes.",
    claims=_claims,
    needs=frozenset({"ledger"}),
    limits=True,
    slows=True,
    limit=_limit,
    threads=("aio-libs/aiohttp#3630",),
)
