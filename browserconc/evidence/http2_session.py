"""HTTP/2 sessions, by their HTTP2_SESSION_* events: on which socket, how many streams, who had to wait.

The server's SETTINGS say how many streams one connection may carry at once. A request beyond them has
its stream request queued: it got its session, and sends when a stream ends. The event names a URL and no
request; the instant tells which. Source: net/spdy/spdy_session.cc, MaybeFinalizeStreamRequest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from browserconc.evidence.netlog_event import Event, address, dependency
from browserconc.model.timeline import Span

STALLED = "HTTP2_SESSION_STALLED_MAX_STREAMS"
"""Chromium's event, and our span from there until the request was sent; detail `max_concurrent_streams`."""
BINDS = {
    "HTTP2_SESSION_POOL_IMPORTED_SESSION_FROM_SOCKET",
    "HTTP2_SESSION_POOL_FOUND_EXISTING_SESSION",
    "HTTP2_SESSION_POOL_FOUND_EXISTING_SESSION_FROM_IP_POOL",
}
"""Events of a job that got a session."""
EVENTS = {*BINDS, STALLED, "HTTP2_SESSION", "HTTP2_SESSION_INITIALIZED", "HTTP2_SESSION_RECV_SETTING"}
SOURCES = ("HTTP2_SESSION",)
_MAX_CONCURRENT_STREAMS = "3 "
"""RFC 9113, section 6.5.2; the log writes "3 (SETTINGS_MAX_CONCURRENT_STREAMS)"."""
_TICK_NS = 1_000_000
"""A NetLog file has whole milliseconds."""


@dataclass(slots=True)
class Session:
    """One connection's session; `max_streams` is None until the server's SETTINGS have come.

    `stalls` are the instants at which a stream had to wait and the limit that the browser had then, by URL.
    """

    socket: int | None = None
    max_streams: int | None = None
    stalls: dict[str, list[tuple[int, int | None]]] = field(default_factory=dict)

    def stall(self, url: str, got_ns: int, sent_ns: int | None) -> Span | None:
        """How long the request for `url`, which got this session at `got_ns`, waited for a stream.

        `sent_ns` is None where it never was sent; then the span is open.
        """
        for stalled_ns, streams in self.stalls.get(_without_fragment(url), ()):
            late = sent_ns is not None and stalled_ns > sent_ns
            if got_ns - _TICK_NS <= stalled_ns and not late:
                return Span(STALLED, max(stalled_ns, got_ns), sent_ns, {"max_concurrent_streams": streams})
        return None


class Sessions:
    """Follows the sessions; one that is over is forgotten, but by the requests that it carried."""

    def __init__(self) -> None:
        self._sessions: dict[int, Session] = {}

    def take(self, event: Event) -> None:
        """Notes one event of a session."""
        if event.type == "HTTP2_SESSION":
            if event.phase == "END":
                self._sessions.pop(event.source_id, None)
            return
        session = self.session(event.source_id)
        match event.type:
            case "HTTP2_SESSION_INITIALIZED":
                session.socket = dependency(event)
            case "HTTP2_SESSION_RECV_SETTING":
                if str(event.params.get("id", "")).startswith(_MAX_CONCURRENT_STREAMS):
                    session.max_streams = _whole(event.params.get("value"))
            case kind if kind == STALLED:
                stalls = session.stalls.setdefault(
                    _without_fragment(address(event.params.get("url", ""))), []
                )
                stalls.append((event.time_ns, _whole(event.params.get("max_concurrent_streams"))))
            case _:
                pass

    def session(self, number: int) -> Session:
        """The session of that id, of which nothing else may be known yet."""
        return self._sessions.setdefault(number, Session())


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _without_fragment(url: str) -> str:
    return url.split("#", 1)[0]
