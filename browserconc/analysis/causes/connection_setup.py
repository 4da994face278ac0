"""Name resolution, TCP and TLS take their time before a request can be sent."""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import HANDOVER_NS, Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if (connect := timeline.span("client", "connect")) and connect.end_ns is not None:
        send = timeline.span("client", "send")
        yield Claim(
            "connection-setup", connect.start_ns, send.start_ns if send else connect.end_ns, "TCP connect"
        )
    source: str = "netlog"
    names: tuple[str, ...] = ("TCP_CONNECT", "SSL_CONNECT")
    if "netlog" not in timeline.tracks:
        source = "mozlog" if "mozlog" in timeline.tracks else "cdp"
        names = ("dns", "connect", "ssl")
    for name in names:
        span = timeline.span(source, name)
        if span and span.end_ns is not None:
            yield Claim("connection-setup", span.start_ns, span.end_ns, name)
    asked = timeline.span("netlog", "HTTP_STREAM_REQUEST")
    if asked is None or asked.end_ns is None:
        return
    stall = timeline.span("netlog", "STALL")
    begin_ns = stall.end_ns if stall and stall.end_ns is not None else asked.start_ns
    # A connection that is there or quickly made; a longer wait has a reason that must be found.
    connected = timeline.span("netlog", "TCP_CONNECT")
    inside_ns = (connected.end_ns or connected.start_ns) - connected.start_ns if connected else 0
    if asked.end_ns - begin_ns - inside_ns <= HANDOVER_NS:
        yield Claim("connection-setup", begin_ns, asked.end_ns, "HTTP_STREAM_REQUEST")


CAUSE = Cause(
    id="connection-setup",
    title="connecting",
    culprit="network",
    what="Resolving the name, connecting and negotiating TLS take time before the request can be sent.",
    recognised="The phases themselves, in the NetLog or by the client's clock.",
    remedy="Connections that are kept alive.",
    claims=_claims,
)
