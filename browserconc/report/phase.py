"""Which part of a request's life a cause belongs to: before it had a socket, connecting, or on its way.

Reports that draw sockets or speak HAR need this; the names are HAR's.
"""

from __future__ import annotations

from browserconc.model.finding import SERVICE, RequestFinding

CONNECT = frozenset({"connection-setup", "localhost-ipv6", "accept-backlog"})
"""Causes during which the connection is made."""
WAIT = frozenset(
    {
        SERVICE,
        "server-width",
        "server-cpu",
        "event-loop-blocked",
        "session-lock",
        "idle-connection",
        "rate-limit",
        "proxy-coalesce",
    }
)
"""Causes that begin once the request is on its way. HTTP/2 streams are not among them, for there the
browser holds the request back."""


def on_socket_ns(request: RequestFinding) -> tuple[int, int]:
    """From when to when the request had its socket: the stretch of its slices in CONNECT and WAIT.

    All of its life where there is none of them.
    """
    wired = [piece for piece in request.slices if piece.cause in CONNECT | WAIT]
    return (wired[0].start_ns, wired[-1].end_ns) if wired else (request.start_ns, request.end_ns)
