"""Follows each URL_REQUEST through Chromium's network stack: events in, Tracks out.

A URL_REQUEST has one leg per redirect; each leg is a request of its own and becomes one Track.
Its spans carry Chromium's event names. What happens on other sources (the pool's stalls on
HTTP_STREAM_JOB, the connect on SOCKET) is found through `source_dependency` and laid on the same
track. Two families of pool events are understood: SOCKET_POOL_* here and, under HappyEyeballsV3,
HTTP_STREAM_POOL_* in `http_stream_pool.py`. Names: net/log/net_log_event_type_list.h.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from browserconc.evidence import http_stream_pool
from browserconc.evidence.http_stream_pool import Stall
from browserconc.evidence.netlog_event import Event, dependency
from browserconc.model.timeline import Fact, Span, Track

STALL = "STALL"
"""Our span for a request that the pool held back; detail `limit` is "group" or "pool"."""

_KEPT = {
    "DELEGATE_INFO",
    "HTTP_STREAM_REQUEST",
    "HTTP_TRANSACTION_READ_BODY",
    "HTTP_TRANSACTION_READ_HEADERS",
    "HTTP_TRANSACTION_SEND_REQUEST",
    "REQUEST_ALIVE",
    "URL_REQUEST_START_JOB",
}
_KEPT_PREFIXES = ("HTTP_CACHE_", "NETWORK_DELEGATE_", "URL_REQUEST_DELEGATE_")
_STREAM_POOL = ("HTTP_STREAM_JOB_CONTROLLER", *http_stream_pool.SOURCES)
_DETAILS = ("net_error", "delegate_blocked_by", "result")


@dataclass(slots=True)
class _Socket:
    connect_job: int | None = None
    connect: list[int | None] = field(default_factory=lambda: [None, None])
    ssl: list[int | None] = field(default_factory=lambda: [None, None])
    local_port: int | None = None
    legs: int = 0


@dataclass(slots=True)
class _Leg:
    request: int
    number: int
    url: str
    method: str
    start_ns: int
    spans: list[Span] = field(default_factory=list)
    open: dict[str, tuple[int, dict[str, Fact]]] = field(default_factory=dict)
    job: int | None = None
    controller: int | None = None
    manager: int | None = None
    socket: int | None = None
    group: str | None = None
    reused: bool | None = None
    status: int | None = None
    net_error: int | None = None
    stall: Stall | None = None
    via: str | None = None


@dataclass(slots=True)
class _Job:
    group: str | None = None
    stall: Stall | None = None
    socket: int | None = None
    bound_ns: int | None = None


class _Follower:
    def __init__(self) -> None:
        self.legs: dict[int, list[_Leg]] = {}
        self.jobs: dict[int, _Job] = {}
        self.sockets: dict[int, _Socket] = {}
        self.connect_jobs: dict[int, int] = {}
        self.stream_pool = http_stream_pool.StreamPool()

    def take(self, event: Event) -> None:
        match event.source_type:
            case "URL_REQUEST":
                self._url_request(event)
            case "HTTP_STREAM_JOB":
                self._stream_job(event)
            case "SOCKET":
                self._socket(event)
            case kind if kind in _STREAM_POOL:
                self.stream_pool.take(event)
            case "TCP_CONNECT_JOB" | "SSL_CONNECT_JOB" | "TCP_STREAM_ATTEMPT" if event.phase == "BEGIN":
                self.connect_jobs.setdefault(event.source_id, event.time_ns)
            case _:
                pass

    def _url_request(self, event: Event) -> None:
        legs = self.legs.setdefault(event.source_id, [])
        if event.type == "URL_REQUEST_START_JOB" and event.phase == "BEGIN":
            self._begin_leg(event, legs)
        if not legs:
            return
        leg = legs[-1]
        if event.phase == "NONE":
            self._instant(event, leg)
        elif event.phase == "BEGIN" and _kept(event.type):
            leg.open[event.type] = (event.time_ns, _detail(event.params))
        elif event.phase == "END" and event.type in leg.open:
            start_ns, detail = leg.open.pop(event.type)
            leg.spans.append(Span(event.type, start_ns, event.time_ns, {**detail, **_detail(event.params)}))
            self._ended(event, leg)

    def _begin_leg(self, event: Event, legs: list[_Leg]) -> None:
        leg = _Leg(
            event.source_id,
            len(legs),
            str(event.params.get("url", "")),
            str(event.params.get("method", "GET")),
            event.time_ns,
        )
        if legs:
            # The browser's word on a redirect delays the leg that it leads to.
            before = legs[-1]
            leg.via = before.url
            leg.spans += [s for s in before.spans if s.name == "URL_REQUEST_DELEGATE_RECEIVED_REDIRECT"]
            if alive := before.open.pop("REQUEST_ALIVE", None):
                leg.open["REQUEST_ALIVE"] = alive
        legs.append(leg)

    def _instant(self, event: Event, leg: _Leg) -> None:
        match event.type:
            case "HTTP_STREAM_REQUEST_BOUND_TO_JOB":
                leg.job = dependency(event)
            case "HTTP_STREAM_POOL_ATTEMPT_MANAGER_JOB_BOUND":
                leg.manager = dependency(event)
                if leg.manager is not None:
                    self.stream_pool.wait(leg, event.time_ns)
            case "HTTP_STREAM_JOB_CONTROLLER_BOUND":
                leg.controller = dependency(event)
            case "HTTP_TRANSACTION_READ_RESPONSE_HEADERS":
                leg.status = _status(event.params) or leg.status
            case "FAILED" | "CANCELLED":
                leg.net_error = _integer(event.params.get("net_error"))
            case _:
                pass

    def _ended(self, event: Event, leg: _Leg) -> None:
        error = _integer(event.params.get("net_error"))
        if error and event.type in ("URL_REQUEST_START_JOB", "REQUEST_ALIVE"):
            leg.net_error = error
        if event.type == "HTTP_STREAM_REQUEST":
            self._got_stream(event.time_ns, leg)

    def _got_stream(self, now_ns: int, leg: _Leg) -> None:
        if leg.job is None:
            leg.socket, leg.group = self.stream_pool.got(leg)
        elif job := self.jobs.get(leg.job):
            leg.socket, leg.group, leg.stall = job.socket, job.group, job.stall
        socket = self.sockets.get(leg.socket) if leg.socket is not None else None
        if socket:
            leg.reused = socket.legs > 0
            socket.legs += 1
        if leg.stall:
            began = self._connect_began(socket) if socket and not leg.reused else None
            until_ns = began if began is not None and began > leg.stall.start_ns else now_ns
            leg.spans.append(Span(STALL, leg.stall.start_ns, until_ns, {"limit": leg.stall.limit}))

    def _connect_began(self, socket: _Socket) -> int | None:
        if socket.connect_job is not None and socket.connect_job in self.connect_jobs:
            return self.connect_jobs[socket.connect_job]
        return socket.connect[0]

    def _stream_job(self, event: Event) -> None:
        job = self.jobs.setdefault(event.source_id, _Job())
        match event.type:
            case "TCP_CLIENT_SOCKET_POOL_REQUESTED_SOCKET":
                job.group = str(event.params.get("group_id", ""))
            case "SOCKET_POOL_STALLED_MAX_SOCKETS_PER_GROUP":
                job.stall = job.stall or Stall("group", event.time_ns)
            case "SOCKET_POOL_STALLED_MAX_SOCKETS":
                job.stall = job.stall or Stall("pool", event.time_ns)
            case "SOCKET_POOL_BOUND_TO_SOCKET":
                job.socket = dependency(event)
            case _:
                pass

    def _socket(self, event: Event) -> None:
        socket = self.sockets.setdefault(event.source_id, _Socket())
        which = 0 if event.phase == "BEGIN" else 1
        match event.type:
            case "SOCKET_ALIVE" if event.phase == "BEGIN":
                socket.connect_job = dependency(event)
            case "TCP_CONNECT":
                socket.connect[which] = event.time_ns
                if address := event.params.get("local_address"):
                    port = str(address).rpartition(":")[2]
                    socket.local_port = int(port) if port.isdecimal() else None
            case "SSL_CONNECT":
                socket.ssl[which] = event.time_ns
            case _:
                pass

    def track(self, source: str, leg: _Leg) -> Track:
        spans = list(leg.spans)
        spans += [Span(name, start_ns, None, detail) for name, (start_ns, detail) in leg.open.items()]
        socket = self.sockets.get(leg.socket) if leg.socket is not None else None
        if socket and not leg.reused:
            for name, (begin, end) in (("TCP_CONNECT", socket.connect), ("SSL_CONNECT", socket.ssl)):
                # Of a socket that was connected in advance only what the request still waited for.
                if begin is not None and (end is None or end > leg.start_ns):
                    spans.append(Span(name, max(begin, leg.start_ns), end))
        facts: dict[str, Fact] = {
            "request": leg.request,
            "leg": leg.number,
            "method": leg.method,
            "via": leg.via,
            "group": leg.group,
            "socket": leg.socket,
            "connection_reused": leg.reused,
            "status": leg.status,
            "net_error": leg.net_error,
        }
        spans.sort(key=lambda span: span.start_ns)
        return Track(
            source,
            f"{leg.request}.{leg.number}",
            leg.url,
            tuple(spans),
            local_port=socket.local_port if socket else None,
            facts=facts,
        )


def tracks(events: Iterable[Event], *, source: str = "netlog") -> list[Track]:
    """One Track per leg of every URL_REQUEST, in the order in which the requests were made."""
    follower = _Follower()
    for event in events:
        follower.take(event)
    return [follower.track(source, leg) for legs in follower.legs.values() for leg in legs]


def _kept(name: str) -> bool:
    return name in _KEPT or name.startswith(_KEPT_PREFIXES)


def _detail(params: dict[str, Any]) -> dict[str, Fact]:
    return {name: params[name] for name in _DETAILS if name in params}


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _status(params: dict[str, Any]) -> int | None:
    headers = params.get("headers")
    words = str(headers[0]).split() if isinstance(headers, list) and headers else []
    for word in words[:2]:
        if word.isdigit() and len(word) == 3:
            return int(word)
    return None
