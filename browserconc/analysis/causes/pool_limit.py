"""The socket pool of a browser context is full: a request waits although its own host has room.

How many sockets it holds is the browser's own: randomised in current Chromium, so it is counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis import firefox
from browserconc.analysis.socket_pools import POOL, sockets_when_stalled, stalled
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    found = stalled(timeline.tracks["netlog"]) if "netlog" in timeline.tracks else None
    if found and found[0] == POOL:
        end_ns = timeline.end_ns if found[1].end_ns is None else found[1].end_ns
        yield Claim(POOL, found[1].start_ns, end_ns, "for a connection of the full socket pool")
    for start_ns, end_ns in firefox.queued(timeline, "pool"):
        yield Claim(POOL, start_ns, end_ns, "for one of all connections (queued, AtActiveConnectionLimit)")


def _limit(case: Case) -> int | None:
    stated = case.evidence.facts.get(POOL)
    if isinstance(stated, int):
        return stated
    if counted := firefox.connections_counted(case, "pool"):
        return counted
    return sockets_when_stalled(case.evidence.tracks, case.evidence.ended_ns, POOL)


CAUSE = Cause(
    id=POOL,
    title="pool limit",
    culprit="browser",
    what="The socket pool of one browser context holds only so many connections, to all hosts together.",
    recognised="SOCKET_POOL_STALLED_MAX_SOCKETS in the NetLog, while the host itself has fewer connections "
    "than it may.",
    remedy="Two browser contexts, or fewer connections that stay open.",
    claims=_claims,
    needs=frozenset({"netlog", "mozlog"}),
    limits=True,
    limit=_limit,
)
