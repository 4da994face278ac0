"""The pool of a browser context's WebSockets is full: the next one stays connecting until another is closed.

A renderer process has a limit of its own besides, beyond which a WebSocket fails at once; that one
never reaches the network stack. Neither is a limit per host. How many the pool holds is counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis.concurrency import levels
from browserconc.analysis.socket_pools import WEBSOCKETS, sockets_when_stalled, stalled
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

REFUSED = "Insufficient resources"
"""What Chromium says of a WebSocket that its renderer process may not open (websocket_channel_impl.cc)."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    found = stalled(timeline.tracks["netlog"]) if "netlog" in timeline.tracks else None
    if found and found[0] == WEBSOCKETS:
        end_ns = timeline.end_ns if found[1].end_ns is None else found[1].end_ns
        yield Claim(
            WEBSOCKETS, found[1].start_ns, end_ns, "for another WebSocket of its context to be closed"
        )
    elif _refused(timeline):
        yield Claim(
            WEBSOCKETS, timeline.start_ns, timeline.end_ns, "and was refused: its process had too many"
        )


def _refused(timeline: Timeline) -> bool:
    return REFUSED in (timeline.error or "")


def _limit(case: Case) -> int | None:
    stated = case.evidence.facts.get(WEBSOCKETS)
    if isinstance(stated, int):
        return stated
    counted = sockets_when_stalled(case.evidence.tracks, case.evidence.ended_ns, WEBSOCKETS)
    return counted or _open_when_refused(case)


def _open_when_refused(case: Case) -> int | None:
    """How many WebSockets were open, or being opened, when the first one was refused."""
    refused = [timeline.end_ns for timeline in case.timelines if _refused(timeline)]
    if not refused:
        return None
    if tabs := {t.tracks["page"].index for t in case.timelines if _refused(t) and "page" in t.tracks}:
        return max(_most_open(case, tab) for tab in tabs) or None
    return sum(
        timeline.start_ns <= min(refused)
        and not _refused(timeline)
        and _closed_ns(timeline, case.evidence.ended_ns) >= min(refused)
        for timeline in case.timelines
    )


def _most_open(case: Case, tab: int | None) -> int:
    """The most WebSockets that one tab had at a time; a tab's page says of itself what it asked for."""
    whole = {track.key: track for track in case.evidence.tracks if track.source == "netlog"}
    lives = [
        (timeline.start_ns, whole[timeline.tracks["netlog"].key].ended_ns(case.evidence.ended_ns))
        for timeline in case.timelines
        if "netlog" in timeline.tracks and "page" in timeline.tracks
        if timeline.tracks["page"].index == tab and timeline.url.startswith(("ws:", "wss:"))
    ]
    return max((height for _, _, height in levels(lives)), default=0)


def _closed_ns(timeline: Timeline, last_ns: int) -> int:
    life = timeline.span("netlog", "WEBSOCKET")
    if life is None:
        return timeline.end_ns
    return last_ns if life.end_ns is None else life.end_ns


def _remark(case: Case) -> str | None:
    refused = sum(map(_refused, case.timelines))
    if not refused:
        return None
    asked = sum(t.url.startswith(("ws:", "wss:")) for t in case.timelines) or len(case.timelines)
    return (
        f"{refused} of {asked} WebSockets were refused at once ({REFUSED}): a renderer "
        "process opens only so many, so a further tab in a process of its own may open more."
    )


CAUSE = Cause(
    id=WEBSOCKETS,
    title="WebSocket limit",
    culprit="browser",
    what="A renderer process opens only so many WebSockets, and the next fails at once; a browser context "
    "holds only so many, and the next stays connecting until one is closed.",
    recognised="SOCKET_POOL_STALLED_MAX_SOCKETS in the NetLog for a ws:// request, or the error "
    f"“{REFUSED}” at once.",
    remedy="Another tab in a process of its own, another browser context, or one WebSocket for several "
    "subscriptions.",
    claims=_claims,
    limits=True,
    limit=_limit,
    remark=_remark,
)
