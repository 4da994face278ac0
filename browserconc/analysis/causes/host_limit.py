"""A browser opens a fixed number of HTTP/1.1 connections per host, shared by all tabs of a profile.

The number is the browser's own: read from its log, else counted; it is not written here.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis import firefox
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Span, Timeline

NAMED = 6
"""So many addresses fit into a sentence."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    stall = timeline.span("netlog", "STALL")
    if stall and stall.detail.get("limit") == "group":
        end_ns = timeline.end_ns if stall.end_ns is None else stall.end_ns
        because = f"for {_connections(case)} to the host (stalled at max sockets per group)"
        yield Claim("host-limit", stall.start_ns, end_ns, because)
    for start_ns, end_ns in firefox.queued(timeline, "group"):
        because = f"for {_connections(case)} to the host (queued, AtActiveConnectionLimit)"
        yield Claim("host-limit", start_ns, end_ns, because)


def _connections(case: Case) -> str:
    limit = _limit(case)
    return f"one of the {limit} connections" if limit else "a connection"


def _limit(case: Case) -> int | None:
    stated = case.evidence.facts.get("max_sockets_per_group")
    if isinstance(stated, int):
        return stated
    if counted := firefox.connections_counted(case, "group"):
        return counted
    return _connections_at_first_stall(case)


def _connections_at_first_stall(case: Case) -> int | None:
    """How many requests of the stalled request's group held a connection when it was stalled."""
    stalls = [
        (stall.start_ns, timeline)
        for timeline in case.timelines
        if (stall := timeline.span("netlog", "STALL")) and stall.detail.get("limit") == "group"
    ]
    if not stalls:
        return None
    instant, stalled = min(stalls, key=lambda pair: pair[0])
    group = stalled.tracks["netlog"].facts.get("group")
    holding = 0
    for timeline in case.timelines:
        track = timeline.tracks.get("netlog")
        asked = timeline.span("netlog", "HTTP_STREAM_REQUEST")
        if not track or not asked or track.facts.get("group") != group or timeline.span("netlog", "STALL"):
            continue
        holding += asked.start_ns <= instant < timeline.end_ns
    return holding or None


def _remark(case: Case) -> str | None:
    """Which answers stay open (Server-Sent Events, long polls, downloads) and keep the connections."""
    stalled = [
        (timeline, stall)
        for timeline in case.timelines
        if (stall := timeline.span("netlog", "STALL")) and stall.detail.get("limit") == "group"
    ]
    if not stalled:
        return None
    held, stall = max(stalled, key=lambda pair: _end_ns(pair[1], pair[0]) - pair[1].start_ns)
    until_ns = min(_end_ns(stall, held), case.evidence.ended_ns)
    streams = [
        "/" + timeline.url.split("/", 3)[-1]
        for timeline in case.timelines
        if _group(timeline) == _group(held) and _streamed_throughout(timeline, stall, until_ns)
    ]
    if not streams:
        return None
    addresses = list(dict.fromkeys(streams))
    named = ", ".join(addresses[:NAMED]) + (", …" if len(addresses) > NAMED else "")
    connections = "connection was" if len(streams) == 1 else "connections were"
    return f"{len(streams)} {connections} held all that time by answers that stay open: {named}."


def _group(timeline: Timeline) -> object:
    return timeline.tracks["netlog"].facts.get("group") if "netlog" in timeline.tracks else None


def _end_ns(stall: Span, timeline: Timeline) -> int:
    return timeline.end_ns if stall.end_ns is None else stall.end_ns


def _streamed_throughout(timeline: Timeline, stall: Span, until_ns: int) -> bool:
    """Was it answered in the first half of the stall at the latest, and its body not complete at its end?"""
    headers = timeline.span("netlog", "HTTP_TRANSACTION_READ_HEADERS")
    body = timeline.span("netlog", "HTTP_TRANSACTION_READ_BODY")
    if not headers or headers.end_ns is None or not body:
        return False
    early = 2 * (headers.end_ns - stall.start_ns) <= until_ns - stall.start_ns
    return early and (body.end_ns is None or body.end_ns >= until_ns)


CAUSE = Cause(
    id="host-limit",
    title="host limit",
    culprit="browser",
    what="The browser opens only so many HTTP/1.1 connections per scheme, host and port at once; all tabs "
    "of a profile share them.",
    recognised="SOCKET_POOL_STALLED_MAX_SOCKETS_PER_GROUP in the NetLog, AtActiveConnectionLimit in "
    "Firefox's log, and the server's requests in flight stay flat at that number.",
    remedy="A second host name, HTTP/2, or a browser context per tab.",
    claims=_claims,
    needs=frozenset({"netlog", "mozlog"}),
    limits=True,
    limit=_limit,
    remark=_remark,
    threads=("freenet/freenet-core#5213", "CTFd/CTFd#921", "wildware-uk/agent-dashboard#19"),
)
