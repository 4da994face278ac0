"""What a browser's log says of its connections: how many were in use, and which limits were hit.

Durations are integer nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SocketGroup:
    """One group of the browser's pool: scheme, host, port and network partition, in its own words.

    `in_use` is the highest number of sockets that requests held, for each step of the time that
    `Network` covers; `peak` the highest of all.
    """

    group: str
    sockets: int
    requests: int
    peak: int
    in_use: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LimitHit:
    """A limit that held requests back: which (a cause's id), where, at what number, how often, how long."""

    cause: str
    where: str
    value: int | None
    times: int
    waited_ns: int
    longest_ns: int


@dataclass(frozen=True, slots=True)
class Network:
    """The groups by their peak and the limits by their waiting, the largest first."""

    span_ns: int
    step_ns: int
    groups: tuple[SocketGroup, ...]
    limits: tuple[LimitHit, ...]
