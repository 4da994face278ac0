"""Follows each URL_REQUEST through Chromium's network stack: events in, Tracks out.

A URL_REQUEST has one leg per redirect; each leg is a request of its own and becomes one Track.
Its spans carry Chromium's event names. What happens on other sources (the pool's stalls on
HTTP_STREAM_JOB, the connect on SOCKET) is found through `source_dependency` and laid on the same
track. Two families of pool events are understood: SOCKET_POOL_* in `socket_pool.py` and, under
HappyEyeballsV3, HTTP_STREAM_POOL_* in `http_stream_pool.py`. Names: net/log/net_log_event_type_list.h.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from browserconc.evidence import http2_session, http_stream_pool, socket_pool
from browserconc.evidence.events_of_interest import kept
from browserconc.evidence.leg import STALL, WEBSOCKET, Leg
from browserconc.evidence.netlog_event import Event, address, dependency
from browserconc.model.timeline import Fact, Span, Track

_CONTROLLER = ("HTTP_STREAM_REQUEST_STARTED_JOB", "HTTP_STREAM_JOB_CONTROLLER_PROXY_SERVER_RESOLVED")
"""What a request's controller tells about it; the pool is told the rest."""
_DIRECT = "[direct://]"
_SWITCHING = 101
_BYPASS_CACHE = 1 << 1  # net/base/load_flags_list.h
_BYPASSING: Mapping[str, Fact] = {"bypasses_cache": True}
_DETAILS = ("net_error", "delegate_blocked_by", "result")
_PAGE = ("initiator", "network_isolation_key", "request_type")
_NOTHING: Mapping[str, Fact] = {}
"""Most steps have no detail, and there are many steps: one empty mapping for all of them."""


@dataclass(slots=True)
class _Request:
    """What is known of a URL_REQUEST; `order` counts them, `waiting` is what came before its first leg."""

    order: int
    legs: list[Leg] = field(default_factory=list)
    alive_ns: int | None = None
    priority: str | None = None
    waiting: list[Span] = field(default_factory=list)


class _Follower:
    """Holds what is still going on, and of the sockets what a later request may reuse."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.done: list[tuple[int, Track]] = []
        self.requests: dict[int, _Request] = {}
        self.count = 0
        self.leg_of_controller: dict[int, Leg] = {}
        self.pool = socket_pool.SocketPool()
        self.stream_pool = http_stream_pool.StreamPool()
        self.sessions = http2_session.Sessions()
        self.names: dict[str, str] = {}
        self.websockets: dict[int, _Request] = {}
        self.readers: dict[str, Callable[[Event], None]] = {
            "URL_REQUEST": self._url_request,
            "HTTP_STREAM_JOB_CONTROLLER": self._controller,
            **dict.fromkeys(http_stream_pool.SOURCES, self.stream_pool.take),
            **dict.fromkeys(http2_session.SOURCES, self.sessions.take),
            **self.pool.readers,
            "SOCKET": self._socket,
        }
        """By type of source: who reads its events. It is looked up for each of millions."""

    def rest(self) -> None:
        """Nothing more will come: what is still going on is done too."""
        for request in (*self.requests.values(), *self.websockets.values()):
            self._finish(request)
        self.requests.clear()
        self.websockets.clear()

    def _finish(self, request: _Request) -> None:
        for leg in request.legs:
            if leg.controller is not None:
                self.leg_of_controller.pop(leg.controller, None)
            self.done.append((request.order, leg.track(self.source)))

    def _controller(self, event: Event) -> None:
        if event.type in _CONTROLLER:
            if leg := self.leg_of_controller.get(event.source_id):
                self._controlled(event, leg)
        elif event.type.startswith("HTTP_STREAM_POOL_"):
            self.stream_pool.take(event)

    def _socket(self, event: Event) -> None:
        self.pool.socket(event)
        if event.type == "SOCKET_ALIVE" and event.phase == "END":
            self._websocket_closed(event)

    def _controlled(self, event: Event, leg: Leg) -> None:
        job = dependency(event)
        if job is not None:
            leg.jobs.append(self.pool.job(job))
        elif (chain := str(event.params.get("proxy_chain", _DIRECT))) != _DIRECT:
            leg.proxy = self._named(chain)

    def _over(self, request: _Request, event: Event) -> None:
        """A request is over; a WebSocket that it opened lives on until its connection is closed."""
        leg = request.legs[-1]
        leg.close(event.time_ns)
        if leg.is_websocket and leg.status == _SWITCHING and leg.socket is not None and leg.session is None:
            leg.open[WEBSOCKET] = (event.time_ns, _NOTHING)
            leg.net_error = None  # that it became a WebSocket is an error to the URL_REQUEST
            self.websockets[leg.socket] = request
        else:
            self._finish(request)

    def _websocket_closed(self, event: Event) -> None:
        if request := self.websockets.pop(event.source_id, None):
            leg = request.legs[-1]
            leg.add(Span(WEBSOCKET, leg.open.pop(WEBSOCKET)[0], event.time_ns))
            self._finish(request)

    def _url_request(self, event: Event) -> None:
        request = self.requests.get(event.source_id)
        phase, name = event.phase, event.type
        if phase == "BEGIN" and name in ("REQUEST_ALIVE", "URL_REQUEST_START_JOB"):
            request = self._begin(event, request)
        if request is None:
            return
        if not request.legs:
            self._before_the_first_leg(event, request)
            return
        leg = request.legs[-1]
        if phase == "NONE":
            self._instant(event, leg)
        elif phase == "BEGIN":
            if kept(name):
                leg.open[name] = (event.time_ns, _detail(event.params) if event.params else _NOTHING)
        elif opened := leg.open.pop(name, None):
            start_ns, detail = opened
            if event.params and (ended := _detail(event.params)):
                detail = {**detail, **ended}
            leg.add(Span(name, start_ns, event.time_ns, detail))
            if name == "HTTP_STREAM_REQUEST":
                self._got_stream(event.time_ns, leg)
            elif name in ("URL_REQUEST_START_JOB", "REQUEST_ALIVE"):
                leg.net_error = _integer(event.params.get("net_error")) or leg.net_error
        if phase == "END" and name == "REQUEST_ALIVE":
            self._over(self.requests.pop(event.source_id), event)

    def _begin(self, event: Event, request: _Request | None) -> _Request:
        if request is None:
            request = self.requests[event.source_id] = _Request(self.count)
            self.count += 1
        if event.type == "REQUEST_ALIVE":
            request.alive_ns = event.time_ns
            request.priority = self._named(event.params.get("priority", ""))
        else:
            self._begin_leg(event, request)
        return request

    def _before_the_first_leg(self, event: Event, request: _Request) -> None:
        """Blink's scheduler holds a request back before it is started."""
        if event.type == "DELEGATE_INFO":
            if event.phase == "BEGIN":
                request.waiting.append(Span(event.type, event.time_ns, None, _detail(event.params)))
            elif event.phase == "END" and request.waiting:
                began = request.waiting.pop()
                request.waiting.append(began._replace(end_ns=event.time_ns))
        elif event.type == "REQUEST_ALIVE" and event.phase == "END":
            del self.requests[event.source_id]  # it was never started

    def _begin_leg(self, event: Event, request: _Request) -> None:
        params = event.params
        leg = Leg(
            event.source_id,
            len(request.legs),
            address(params.get("url", "")),
            self._named(params.get("method", "GET")),
            event.time_ns,
            page={
                **{name: self._named(params[name]) for name in _PAGE if name in params},
                "priority": request.priority or None,
                **(_BYPASSING if (_integer(params.get("load_flags")) or 0) & _BYPASS_CACHE else _NOTHING),
            },
        )
        if request.legs:
            # The browser's word on a redirect delays the leg that it leads to.
            before = request.legs[-1]
            leg.via = before.url
            leg.spans += [s for s in before.spans if s.name == "URL_REQUEST_DELEGATE_RECEIVED_REDIRECT"]
            if alive := before.open.pop("REQUEST_ALIVE", None):
                leg.open["REQUEST_ALIVE"] = alive
        else:
            leg.spans += request.waiting
            if request.alive_ns is not None:
                leg.open["REQUEST_ALIVE"] = (request.alive_ns, _NOTHING)
        request.legs.append(leg)

    def _named(self, value: object) -> str:
        """One string for all equal ones: a log says the same page thousands of times."""
        text = str(value)
        return self.names.setdefault(text, text)

    def _instant(self, event: Event, leg: Leg) -> None:
        match event.type:
            case "HTTP_STREAM_REQUEST_BOUND_TO_JOB":
                leg.job = dependency(event)
            case "HTTP_STREAM_POOL_ATTEMPT_MANAGER_JOB_BOUND":
                leg.manager = dependency(event)
                if leg.manager is not None:
                    self.stream_pool.wait(leg, event.time_ns)
            case "HTTP_STREAM_JOB_CONTROLLER_BOUND":
                leg.controller = dependency(event)
                if leg.controller is not None:
                    self.leg_of_controller[leg.controller] = leg
            case "HTTP_TRANSACTION_READ_RESPONSE_HEADERS":
                leg.status = _status(event.params) or leg.status
            case "FAILED" | "CANCELLED":
                leg.net_error = _integer(event.params.get("net_error"))
            case _:
                pass

    def _got_stream(self, now_ns: int, leg: Leg) -> None:
        if leg.job is None:
            leg.socket, leg.group = self.stream_pool.got(leg)
        else:
            job = self.pool.job(leg.job)
            leg.socket, leg.group, leg.stall = job.socket, job.group, job.stall
            if job.session is not None:
                leg.session = self.sessions.session(job.session)
                leg.socket = leg.session.socket if leg.socket is None else leg.socket
        socket = leg.connection = self.pool.sockets.get(leg.socket) if leg.socket is not None else None
        if socket:
            leg.reused = socket.legs > 0
            socket.legs += 1
        if leg.stall:
            began = socket.connect_began_ns if socket and not leg.reused else None
            until_ns = began if began is not None and began > leg.stall.start_ns else now_ns
            leg.spans.append(Span(STALL, leg.stall.start_ns, until_ns, {"limit": leg.stall.limit}))


def follow(events: Iterable[Event], *, source: str = "netlog") -> Iterator[Track]:
    """One Track per leg of every URL_REQUEST, as soon as the request is over; at the end those that are not.

    Memory holds what is still going on, so a log may be longer than it.
    """
    return (track for _, track in _followed(events, source))


def tracks(events: Iterable[Event], *, source: str = "netlog") -> list[Track]:
    """The same Tracks, in the order in which the requests were made."""
    return [track for _, track in sorted(_followed(events, source), key=lambda pair: pair[0])]


def _followed(events: Iterable[Event], source: str) -> Iterator[tuple[int, Track]]:
    follower = _Follower(source)
    readers, done = follower.readers, follower.done
    for event in events:
        if read := readers.get(event.source_type):
            read(event)
            if done:
                yield from done
                done.clear()
    follower.rest()
    yield from done


def _detail(params: dict[str, Any]) -> Mapping[str, Fact]:
    found = _NOTHING
    for name in _DETAILS:
        if name in params:
            found = {**found, name: params[name]}
    return found


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _status(params: dict[str, Any]) -> int | None:
    headers = params.get("headers")
    words = str(headers[0]).split() if isinstance(headers, list) and headers else []
    for word in words[:2]:
        if word.isdigit() and len(word) == 3:
            return int(word)
    return None
