"""The classic socket pool, by its SOCKET_POOL_* events: who got which socket, who waited, who connected.

A request is bound to a controller, that starts jobs, and a job asks the pool for a socket. What the
job saw is held by reference, so it is still known when the job is over before the request is.
Source: net/http/http_stream_factory*.cc, net/socket/transport_client_socket_pool.cc.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from browserconc.evidence import connect_attempts, http2_session
from browserconc.evidence.connect_attempts import Attempt
from browserconc.evidence.http_stream_pool import Stall
from browserconc.evidence.netlog_event import Event, dependency

EVENTS = {
    *("HTTP_STREAM_JOB", "TCP_CLIENT_SOCKET_POOL_REQUESTED_SOCKET", "SOCKET_POOL_BOUND_TO_SOCKET"),
    *("SOCKET_POOL_STALLED_MAX_SOCKETS", "SOCKET_POOL_STALLED_MAX_SOCKETS_PER_GROUP"),
    *("SOCKET_ALIVE", "TCP_CONNECT", "SSL_CONNECT"),
    *("CONNECT_JOB", "SSL_CONNECT_JOB", "TCP_CONNECT_JOB", "TCP_STREAM_ATTEMPT_ALIVE"),
    *("SOCKET_POOL_BOUND_TO_CONNECT_JOB", connect_attempts.EVENT),
}
_CONNECT_JOBS = ("TCP_CONNECT_JOB", "SSL_CONNECT_JOB", "HTTP_PROXY_CONNECT_JOB", "SOCKS_CONNECT_JOB")
SOURCES = ("HTTP_STREAM_JOB", "SOCKET", "TCP_STREAM_ATTEMPT", *_CONNECT_JOBS)
_STALLS = {
    "SOCKET_POOL_STALLED_MAX_SOCKETS_PER_GROUP": "group",
    "SOCKET_POOL_STALLED_MAX_SOCKETS": "pool",
}


@dataclass(slots=True)
class Socket:
    """One connection; `legs` counts the requests that it carried."""

    connect_job_ns: int | None = None
    connect: list[int | None] = field(default_factory=lambda: [None, None])
    ssl: list[int | None] = field(default_factory=lambda: [None, None])
    local_port: int | None = None
    legs: int = 0
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def connect_began_ns(self) -> int | None:
        """When the browser began to make it."""
        return self.connect_job_ns if self.connect_job_ns is not None else self.connect[0]


@dataclass(slots=True)
class Job:
    """One demand for a socket; of HTTP/2 it gets a session, whose socket may be there already."""

    group: str | None = None
    stall: Stall | None = None
    socket: int | None = None
    socket_ns: int | None = None
    session: int | None = None
    attempts: list[Attempt] = field(default_factory=list)


class SocketPool:
    """Follows jobs, sockets and connects; what is over is forgotten."""

    def __init__(self) -> None:
        self.sockets: dict[int, Socket] = {}
        self._jobs: dict[int, Job] = {}
        self._connect_jobs: dict[int, tuple[str, int]] = {}
        self._attempts: dict[int, list[Attempt]] = {}
        self._groups: dict[str, str] = {}
        self.readers: dict[str, Callable[[Event], None]] = {
            "HTTP_STREAM_JOB": self._job,
            **dict.fromkeys(("TCP_STREAM_ATTEMPT", *_CONNECT_JOBS), self._connect_job),
        }
        """By type of source: who notes its events; `socket` does those of a SOCKET."""

    def job(self, number: int) -> Job:
        """The job of that id, of which nothing else may be known yet."""
        job = self._jobs.get(number)
        if job is None:
            job = self._jobs[number] = Job()
        return job

    def _job(self, event: Event) -> None:
        match event.type:
            case "TCP_CLIENT_SOCKET_POOL_REQUESTED_SOCKET":
                group = str(event.params.get("group_id", ""))
                self.job(event.source_id).group = self._groups.setdefault(group, group)
            case "SOCKET_POOL_BOUND_TO_SOCKET":
                job = self.job(event.source_id)
                job.socket, job.socket_ns = dependency(event), event.time_ns
            case "SOCKET_POOL_BOUND_TO_CONNECT_JOB":
                connect_job = dependency(event)
                if connect_job is not None:
                    self.job(event.source_id).attempts = self._attempts.setdefault(connect_job, [])
            case kind if kind in http2_session.BINDS:
                self.job(event.source_id).session = dependency(event)
            case "HTTP_STREAM_JOB" if event.phase == "END":
                self._jobs.pop(event.source_id, None)
            case kind if kind in _STALLS:
                job = self.job(event.source_id)
                job.stall = job.stall or Stall(_STALLS[kind], event.time_ns)
            case _:
                pass

    def _connect_job(self, event: Event) -> None:
        if event.type == connect_attempts.EVENT:
            socket = self.sockets.get(dependency(event) or -1)
            if socket:
                attempt = Attempt(str(event.params.get("address", "")), event.time_ns, socket)
                self._attempts.setdefault(event.source_id, []).append(attempt)
        elif event.phase == "BEGIN":
            self._connect_jobs.setdefault(event.source_id, (event.type, event.time_ns))
        elif event.phase == "END" and self._connect_jobs.get(event.source_id, ("",))[0] == event.type:
            del self._connect_jobs[event.source_id]
            self._attempts.pop(event.source_id, None)

    def socket(self, event: Event) -> None:
        """Notes one event of a socket."""
        which = 0 if event.phase == "BEGIN" else 1
        if event.type == "SOCKET_ALIVE" and event.phase == "END":
            self.sockets.pop(event.source_id, None)
            return
        socket = self.sockets.get(event.source_id)
        if socket is None:
            socket = self.sockets[event.source_id] = Socket()
        match event.type:
            case "SOCKET_ALIVE":
                job = dependency(event)
                if job is not None and job in self._connect_jobs:
                    socket.connect_job_ns = self._connect_jobs[job][1]
                    socket.attempts = self._attempts.setdefault(job, [])
            case "TCP_CONNECT":
                socket.connect[which] = event.time_ns
                if address := event.params.get("local_address"):
                    port = str(address).rpartition(":")[2]
                    socket.local_port = int(port) if port.isdecimal() and len(port) <= 5 else None
            case "SSL_CONNECT":
                socket.ssl[which] = event.time_ns
            case _:
                pass
