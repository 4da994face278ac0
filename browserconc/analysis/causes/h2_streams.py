"""One HTTP/2 connection carries only as many requests at once as the server's SETTINGS allow.

A browser opens no second connection to the same host for that. Evidence: the request had its session,
and the browser's log says that the session was stalled at max streams until another one ended. The
number is the server's, as the browser read it (it may hold a lower one of its own against it).
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

_STALLED = "HTTP2_SESSION_STALLED_MAX_STREAMS"
INSTANT_NS = 5_000_000
"""A stream that is free is taken within a few milliseconds; less than this is no wait."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    stall = timeline.span("netlog", _STALLED)
    if stall is None:
        return
    end_ns = timeline.end_ns if stall.end_ns is None else stall.end_ns
    if end_ns - stall.start_ns < INSTANT_NS:
        return
    streams = stall.detail.get("max_concurrent_streams")
    one = f"one of the {streams} streams" if streams else "a stream"
    yield Claim(
        CAUSE.id,
        stall.start_ns,
        end_ns,
        f"for {one} that the server allows on one HTTP/2 connection (SETTINGS_MAX_CONCURRENT_STREAMS)",
    )


def _limit(case: Case) -> int | None:
    """What one connection may carry, for each connection that was full."""
    stalled = [t.tracks["netlog"] for t in case.timelines if t.span("netlog", _STALLED)]
    connections = {track.facts.get("socket") for track in stalled}
    values = [stall.detail.get("max_concurrent_streams") for t in stalled if (stall := t.span(_STALLED))]
    known = [value for value in values if isinstance(value, int)]
    return min(known) * len(connections) if known else None


CAUSE = Cause(
    id="h2-streams",
    title="HTTP/2 streams",
    culprit="server",
    what="The server allows only so many streams on one HTTP/2 connection, and the browser opens no second "
    "one to the same host; the other requests wait for a stream.",
    recognised="HTTP2_SESSION_STALLED_MAX_STREAMS in the NetLog, between the request's getting its "
    "connection and its being sent; requests in flight stay flat at SETTINGS_MAX_CONCURRENT_STREAMS.",
    remedy="A higher SETTINGS_MAX_CONCURRENT_STREAMS, or a second connection: another host name, another "
    "browser context.",
    claims=_claims,
    needs=frozenset({"netlog"}),
    limits=True,
    limit=_limit,
    threads=("httpwg/http2-spec#761",),
)
