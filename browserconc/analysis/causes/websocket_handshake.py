"""One WebSocket handshake at a time per IP address and port, within one browser context.

RFC 6455 asks for it in section 4.1. The next begins when the one before has its answer, also for another
URL and in another tab. Besides, a renderer process with many handshakes pending has each further one
delayed by seconds before the network stack hears of it (services/network/websocket_throttler.cc).
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import HANDOVER_NS, Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

INSTANT_NS = 5_000_000
"""A lock that is free is taken at once; NetLog rounds to milliseconds."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    lock = timeline.span("netlog", "WEBSOCKET_ENDPOINT_LOCK")
    if lock:
        end_ns = timeline.end_ns if lock.end_ns is None else lock.end_ns
        if end_ns - lock.start_ns >= INSTANT_NS:
            yield Claim(
                CAUSE.id, lock.start_ns, end_ns, "for the WebSocket handshake before it to the same address"
            )
    reached = timeline.span("netlog", "REQUEST_ALIVE")
    if reached and _of_one_page(case) and timeline.url.startswith(("ws:", "wss:")):
        asked_ns = timeline.start_ns
        if reached.start_ns - asked_ns > HANDOVER_NS and _pending(asked_ns, timeline, case):
            yield Claim(
                CAUSE.id,
                asked_ns,
                reached.start_ns,
                "because its process had many WebSocket handshakes pending",
            )


def _of_one_page(case: Case) -> bool:
    """The delay is per process; tabs that were opened apart have one each."""
    return case.evidence.facts.get("pages") == 1


def _pending(instant_ns: int, timeline: Timeline, case: Case) -> bool:
    """Did others of the page wait for their handshake too?"""
    return any(
        other is not timeline and other.start_ns <= instant_ns < other.end_ns for other in case.timelines
    )


def _limit(case: Case) -> int | None:
    """One for each address that was waited for; of a trial's hosts nothing more is known."""
    return 1


CAUSE = Cause(
    id="websocket-handshake",
    title="WebSocket handshake",
    culprit="browser",
    what="A browser context makes one WebSocket handshake at a time with each IP address and port; the next "
    "begins when the one before is answered.",
    recognised="A ws:// request has its connect job, and its TCP connect begins only when the handshake "
    "before it is over, in the NetLog.",
    remedy="A browser context per tab, another IP address or port, or a handshake that is answered at once.",
    claims=_claims,
    needs=frozenset({"netlog"}),
    limits=True,
    limit=_limit,
)
