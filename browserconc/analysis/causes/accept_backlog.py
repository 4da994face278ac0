"""The server's accept queue was full: the kernel dropped SYNs, and connecting took seconds.

Evidence: the client's TCP had to send segments again while it connected (TCP_INFO), or, where only
the browser's log is there, connecting took about as long as one, two or three retransmissions do:
1 s, 3 s, 7 s after the first SYN (RFC 6298, section 2.1, with Linux's doubling).
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Span, Timeline

SHORTEST_NS = 900_000_000
"""The first retransmission of a SYN comes after a second."""
STEPS_NS = (1_000_000_000, 3_000_000_000, 7_000_000_000, 15_000_000_000)
SLACK = 0.15


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    client = timeline.tracks.get("client")
    connect = timeline.span("client", "connect")
    if connect and client:
        retransmits = client.facts.get("retransmits")
        # Of a connection that was given up, the socket is gone, and with it what TCP knew.
        again = isinstance(retransmits, int) and retransmits > 0
        end_ns = connect.end_ns if connect.end_ns is not None else timeline.end_ns
        if end_ns - connect.start_ns >= SHORTEST_NS and (again or connect.end_ns is None):
            yield Claim(CAUSE.id, connect.start_ns, end_ns, _BECAUSE)
        return
    connect = timeline.span("netlog", "TCP_CONNECT")
    if connect and connect.end_ns is not None and _looks_retransmitted(connect):
        yield Claim(CAUSE.id, connect.start_ns, connect.end_ns, _BECAUSE)


def _looks_retransmitted(connect: Span) -> bool:
    took_ns = (connect.end_ns or connect.start_ns) - connect.start_ns
    return any(abs(took_ns - step) <= SLACK * step for step in STEPS_NS)


def _remark(case: Case) -> str | None:
    """What the kernel counted; asked for a verdict that names this cause only."""
    dropped = case.evidence.facts.get("listen_overflows")
    longest = case.evidence.facts.get("accept_queue_peak")
    if not isinstance(dropped, int) or not dropped:
        return None
    seen = f" (up to {longest} connections were seen in it)" if longest else ""
    return f"The kernel counted {dropped} connections that found an accept queue full{seen}."


_BECAUSE = "for its connection: the server's accept queue was full and TCP had to send its SYN again"

CAUSE = Cause(
    id="accept-backlog",
    title="accept backlog",
    culprit="server",
    what="The server's accept queue is full, so the kernel drops new connections and TCP tries again after "
    "1, 3 and 7 seconds.",
    recognised="Connecting takes about one of these times, and TCP sent its SYN again.",
    remedy="A larger backlog (and net.core.somaxconn), or a server that accepts faster.",
    claims=_claims,
    needs=frozenset({"client", "netlog"}),
    limits=True,
    remark=_remark,
)
