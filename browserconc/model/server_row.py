"""What one server was seen to do: the batches of requests it was given, and the row that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from browserconc.model.finding import Environment
from browserconc.model.timeline import Track


@dataclass(frozen=True, slots=True)
class Batch:
    """So many requests at once, each for `delay_ns` of sleep."""

    requests: int
    delay_ns: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One batch as the server's ledger has it; requests that never started are missing."""

    batch: Batch
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Probed:
    """All that was tried with one server.

    `backlog` is the one that it asks for by default. `processes` is how many it forks before it serves.
    `silent` maps a number of silent connections to whether they kept another client from being
    answered. `computing_alone` is the server's track of one request that computes, `computing` those of
    several at once; `blocking` of those that blocked in a coroutine for `blocking_ns` each, empty where
    there is none. What was not tried is empty.
    """

    server: str
    model: str
    stated: int | None
    backlog: int | None
    processes: int
    seen: tuple[Seen, ...] = ()
    keep_alive: bool | None = None
    silent: Mapping[int, bool] = field(default_factory=dict)
    computing_alone: tuple[Track, ...] = ()
    computing: tuple[Track, ...] = ()
    blocking: tuple[Track, ...] = ()
    blocking_ns: int = 0


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One line of the survey.

    `stated` is the capacity by its configuration, None for no limit; `measured` what was seen, None
    for no limit up to `probed_up_to` requests. `backlog` is how many connections it lets wait by default
    (the kernel may allow less). `spread` is how many requests each process took, the
    most first. `silent_connection_blocks` is about a single one, `silent_connections_to_block` how
    many it took. `cpu_cores` is how many times the work of one CPU-bound handler several at once did
    in its time (a busy machine blurs it), `computing_pids` in how many processes; `blocking_at_once` is
    how many coroutines that block ran at once. With an `error` nothing was measured.
    """

    server: str
    model: str
    stated: int | None
    backlog: int | None
    measured: int | None
    probed_up_to: int
    pids: int
    threads: int
    spread: tuple[int, ...]
    keep_alive: bool | None
    silent_connection_blocks: bool | None
    silent_connections_to_block: int | None
    cpu_cores: float | None
    computing_pids: int
    blocking_at_once: int | None
    sentence: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Survey:
    """All rows, and where they were measured."""

    environment: Environment
    rows: tuple[ServerRow, ...]
