"""The socket pool under HappyEyeballsV3, by its HTTP_STREAM_POOL_* events: who got which socket, who waited.

A request is bound to a controller, that to a job of the pool, and the job to the attempt manager of
its group. A socket is handed to a job by a handle: HTTP_STREAM_POOL_GROUP_HANDLE_CREATED on the
group, after which the job ends. The request itself hears of it later, when other handles may have
been made, so only this chain is exact. Source: net/http/http_stream_pool*.cc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from browserconc.evidence.netlog_event import Event, dependency

# CanAttemptResult in net/http/http_stream_pool_attempt_manager.h: why no socket is opened now.
_CAN_ATTEMPT_STALLS = {4: "group", 5: "pool"}

SOURCES = ("HTTP_STREAM_POOL_GROUP", "HTTP_STREAM_POOL_ATTEMPT_MANAGER", "HTTP_STREAM_POOL_JOB")


@dataclass(slots=True)
class Stall:
    """A request is held back since `start_ns`; `limit` is "group" or "pool"."""

    limit: str
    start_ns: int


class Waiter(Protocol):
    """A request that waits for a stream."""

    url: str
    controller: int | None
    manager: int | None
    stall: Stall | None


class StreamPool:
    """Follows the pool's groups, attempt managers and jobs."""

    def __init__(self) -> None:
        self._can: dict[int, int] = {}
        self._waiting: dict[int, list[Waiter]] = {}
        self._group_of_manager: dict[int, int] = {}
        self._handle: dict[int, int] = {}
        self._name: dict[int, str] = {}
        self._job_of_controller: dict[int, int] = {}
        self._manager_of_job: dict[int, int] = {}
        self._socket_of_job: dict[int, int] = {}

    def take(self, event: Event) -> None:
        """Notes one event of the pool's own sources, or of the controller that binds a job."""
        source, target = event.source_id, dependency(event)
        match event.type:
            case "HTTP_STREAM_POOL_GROUP_ALIVE" if event.phase == "BEGIN":
                key = event.params.get("stream_key")
                self._name[source] = str(key.get("destination", "")) if isinstance(key, dict) else ""
            case "HTTP_STREAM_POOL_GROUP_ATTEMPT_MANAGER_CREATED" if target is not None:
                self._group_of_manager[target] = source
            case "HTTP_STREAM_POOL_GROUP_HANDLE_CREATED" if target is not None:
                self._handle[source] = target
            case "HTTP_STREAM_POOL_ATTEMPT_MANAGER_CAN_ATTEMPT_TCP":
                can = event.params.get("can_attempt")
                if isinstance(can, int):
                    self._can[source] = can
                    self._may_connect(source, event.time_ns)
            case "HTTP_STREAM_POOL_JOB_CONTROLLER_JOB_BOUND" if target is not None:
                self._job_of_controller[source] = target
            case "HTTP_STREAM_POOL_ATTEMPT_MANAGER_JOB_BOUND" if target is not None:
                self._manager_of_job[source] = target
            case "HTTP_STREAM_POOL_JOB_ALIVE" if event.phase == "END":
                group = self._group_of_manager.get(self._manager_of_job.pop(source, -1), -1)
                if group in self._handle:
                    self._socket_of_job[source] = self._handle.pop(group)
            case _:
                pass

    def wait(self, waiter: Waiter, now_ns: int) -> None:
        """A request begins to wait for its attempt manager."""
        assert waiter.manager is not None
        self._waiting.setdefault(waiter.manager, []).append(waiter)
        self._may_connect(waiter.manager, now_ns)

    def got(self, waiter: Waiter) -> tuple[int | None, str | None]:
        """A request has its stream: the socket that it got and its group's name."""
        if waiter.manager is None:
            # An idle socket is handed out without a job: the handle just made for this origin is it.
            group = next((g for g in self._handle if waiter.url.startswith(self._name.get(g, "-"))), -1)
            return self._handle.pop(group, None), self._name.get(group)
        waiting = self._waiting.get(waiter.manager, [])
        if waiter in waiting:
            waiting.remove(waiter)
        group = self._group_of_manager.get(waiter.manager, -1)
        job = self._job_of_controller.pop(-1 if waiter.controller is None else waiter.controller, None)
        socket = None if job is None else self._socket_of_job.pop(job, None)
        return socket, self._name.get(group)

    def _may_connect(self, manager: int, now_ns: int) -> None:
        limit = _CAN_ATTEMPT_STALLS.get(self._can.get(manager, 0))
        for waiter in self._waiting.get(manager, ()):
            if limit and not waiter.stall:
                waiter.stall = Stall(limit, now_ns)
