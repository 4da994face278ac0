"""The socket pool of a browser context is full: a request waits although its own host has room.

How many sockets it holds is the browser's own: randomised in current Chromium, and not in its log.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    stall = timeline.span("netlog", "STALL")
    if stall is None or stall.detail.get("limit") != "pool":
        return
    end_ns = timeline.end_ns if stall.end_ns is None else stall.end_ns
    yield Claim(CAUSE.id, stall.start_ns, end_ns, "for a connection of the full socket pool")


CAUSE = Cause(
    id="pool-limit",
    title="pool limit",
    culprit="browser",
    what="The socket pool of one browser context holds only so many connections, to all hosts together.",
    recognised="SOCKET_POOL_STALLED_MAX_SOCKETS in the NetLog, while the host itself has fewer connections "
    "than it may.",
    remedy="Two browser contexts, or fewer connections that stay open.",
    claims=_claims,
    limits=True,
)
