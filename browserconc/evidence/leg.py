"""One leg of a URL_REQUEST while it is followed, and the Track that it becomes.

What other sources saw of it (the pool, the socket, the HTTP/2 session) hangs on the leg; here it is laid
out as spans of one request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from browserconc.evidence import connect_attempts
from browserconc.evidence.http2_session import Session
from browserconc.evidence.http_stream_pool import Stall
from browserconc.evidence.socket_pool import Job, Socket
from browserconc.model.timeline import Fact, Span, Track

STALL = "STALL"
"""Our span for a request that the pool held back; detail `limit` is "group" or "pool"."""
WEBSOCKET = "WEBSOCKET"
"""Our span for the time in which a WebSocket is open, after the request that opened it."""

_REPEATED = {"HTTP_CACHE_READ_DATA", "HTTP_CACHE_WRITE_DATA", "HTTP_TRANSACTION_READ_BODY"}
"""Steps of which there is one for every piece of a body; on the track they are one, first to last."""


@dataclass(slots=True)
class Leg:
    """What is known of one leg; a redirect ends one and begins the next."""

    request: int
    number: int
    url: str
    method: str
    start_ns: int
    spans: list[Span] = field(default_factory=list)
    open: dict[str, tuple[int, Mapping[str, Fact]]] = field(default_factory=dict)
    job: int | None = None
    controller: int | None = None
    manager: int | None = None
    socket: int | None = None
    connection: Socket | None = None
    session: Session | None = None
    jobs: list[Job] = field(default_factory=list)
    group: str | None = None
    proxy: str | None = None
    reused: bool | None = None
    status: int | None = None
    net_error: int | None = None
    stall: Stall | None = None
    via: str | None = None
    page: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def is_websocket(self) -> bool:
        """Is it a WebSocket's handshake?"""
        return self.url.startswith(("ws:", "wss:"))

    def add(self, span: Span) -> None:
        """Adds a step; the pieces of one body become one span."""
        if span.name in _REPEATED:
            _add(self.spans, span)
        else:
            self.spans.append(span)

    def close(self, now_ns: int) -> None:
        """The request is over, cancelled perhaps: what was going on is over too."""
        for name, (start_ns, detail) in self.open.items():
            self.add(Span(name, start_ns, now_ns, detail))
        self.open.clear()

    def track(self, source: str) -> Track:
        """The leg as it stands; what is still going on has no end."""
        spans = list(self.spans)
        for name, (start_ns, detail) in self.open.items():
            _add(spans, Span(name, start_ns, None, detail))
        spans += self._still_stalled()
        if self.session is not None:
            spans += self._waited_for_a_stream(self.session, tuple(spans))
        spans += self._connecting()
        spans.sort(key=attrgetter("start_ns"))
        facts: dict[str, Fact] = {
            "request": self.request,
            "leg": self.number,
            "method": self.method,
            "via": self.via,
            "group": self.group or next((job.group for job in self.jobs if job.group), None),
            "proxy": self.proxy,
            "socket": self.socket,
            "connection_reused": self.reused,
            "max_concurrent_streams": self.session.max_streams if self.session else None,
            "status": self.status,
            "net_error": self.net_error,
            **self.page,
        }
        return Track(
            source,
            f"{self.request}.{self.number}",
            self.url,
            tuple(spans),
            local_port=self.connection.local_port if self.connection else None,
            facts=facts,
        )

    def _connecting(self) -> Iterator[Span]:
        """How its socket was connected, where it was for this request."""
        socket = self.connection
        if socket and not self.reused:
            for name, (begin, end) in (("TCP_CONNECT", socket.connect), ("SSL_CONNECT", socket.ssl)):
                # Of a socket that was connected in advance only what the request still waited for.
                if begin is not None and (end is None or end > self.start_ns):
                    yield Span(name, max(begin, self.start_ns), end)
            attempts = socket.attempts
        elif socket is None:
            attempts = next((job.attempts for job in self.jobs if job.attempts), [])
        else:
            return
        for span in connect_attempts.spans(attempts, socket, websocket=self.is_websocket):
            end_ns = self._asked_until_ns() if span.end_ns is None else span.end_ns
            if end_ns is None or end_ns > self.start_ns:
                yield span._replace(start_ns=max(span.start_ns, self.start_ns), end_ns=end_ns)

    def _still_stalled(self) -> Iterator[Span]:
        """The pool held it back until it was cancelled, or the log ended."""
        stall, got_ns = self.stall, None
        for job in self.jobs:
            if stall is None:  # a job may have got its socket when nobody waited for it any more
                stall, got_ns = job.stall, job.socket_ns
        if stall is None or any(span.name in (STALL, "HTTP_TRANSACTION_SEND_REQUEST") for span in self.spans):
            return
        end_ns = self._asked_until_ns() if got_ns is None else got_ns
        yield Span(STALL, stall.start_ns, end_ns, {"limit": stall.limit})

    def _asked_until_ns(self) -> int | None:
        """When it had its stream, or gave up asking for one."""
        return next((span.end_ns for span in self.spans if span.name == "HTTP_STREAM_REQUEST"), None)

    def _waited_for_a_stream(self, session: Session, spans: Iterable[Span]) -> Iterator[Span]:
        """It had its HTTP/2 session, which carried as many streams as the server allows."""
        steps = {span.name: span for span in spans}
        got, sent = steps.get("HTTP_STREAM_REQUEST"), steps.get("HTTP_TRANSACTION_SEND_REQUEST")
        if got is None or got.end_ns is None:
            return
        stall = session.stall(self.url, got.end_ns, sent.start_ns if sent else None)
        if stall:
            yield stall


def _add(spans: list[Span], span: Span) -> None:
    if span.name in _REPEATED:
        for place, before in enumerate(spans):
            if before.name == span.name:
                spans[place] = before._replace(end_ns=span.end_ns)
                return
    spans.append(span)
