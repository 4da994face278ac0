"""A name has two addresses, the first of which does not answer; the browser falls back to the other.

`localhost` is ::1 first and 127.0.0.1 second, and many servers listen on the latter only. Where ::1
refuses, nothing is lost. Where it does not answer at all (a firewall, a full accept queue), browsers wait
for a fixed time before they try the second address beside it (RFC 8305, section 5).
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Span, Timeline

SHORTEST_NS = 100_000_000
"""The least that RFC 8305 allows to wait for an address; one that refuses does so sooner."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if (lost := _lost(timeline)) and lost.end_ns is not None:
        yield Claim(CAUSE.id, lost.start_ns, lost.end_ns, f"for {lost.detail.get('address')}, in vain")


def _lost(timeline: Timeline) -> Span | None:
    fallback = timeline.span("netlog", "TCP_CONNECT_FALLBACK")
    if fallback is None or fallback.end_ns is None or fallback.end_ns - fallback.start_ns < SHORTEST_NS:
        return None
    return fallback if str(fallback.detail.get("address")).startswith("[") else None


def _remark(case: Case) -> str | None:
    lost = [(timeline, span) for timeline in case.timelines if (span := _lost(timeline))]
    if not lost:
        return None
    longest = max((span.end_ns or 0) - span.start_ns for _, span in lost)
    timeline, span = lost[0]
    host = timeline.url.split("/")[2].rpartition("@")[2].rpartition(":")[0] or timeline.url.split("/")[2]
    return (
        f"{len(lost)} of {len(case.timelines)} requests lost up to {longest / 1e9:.2f} s because {host} is "
        f"{span.detail.get('address')} first, which does not answer; the IPv4 address costs nothing."
    )


CAUSE = Cause(
    id="localhost-ipv6",
    title="localhost over IPv6",
    culprit="network",
    what="The name's IPv6 address is tried first and does not answer, so the browser waits before it tries "
    "the IPv4 address.",
    recognised="A connect job in the NetLog that tries [::1] and gets its connection from a second address "
    "200 to 300 ms later.",
    remedy="127.0.0.1 instead of localhost, or a server that listens on ::1 too.",
    claims=_claims,
    needs=frozenset({"netlog"}),
    remark=_remark,
    threads=("fastify/fastify#3027",),
)
