"""The fields of a result as JSON, schema "browserconc/result-1"; `result_json.py` writes and reads them.

Users script against these names, so one that stands here keeps its name, type and unit. Instants
and durations are seconds relative to the trial's start.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from browserconc.model.finding import UNATTRIBUTED, Culprit, Kind

SCHEMA = "browserconc/result-1"

Seconds = Annotated[float, Meta(description="Seconds.")]
Instant = Annotated[float, Meta(description="Seconds since the trial's start, on one monotonic clock.")]
Share = Annotated[float, Meta(ge=0, le=1)]
Waiting = Annotated[
    dict[str, float],
    Meta(
        description="Seconds waited per cause, over all requests; what no cause explains is unattributed.",
        extra_json_schema={"required": [UNATTRIBUTED]},
    ),
]
Memory = Annotated[
    int,
    Meta(
        description="Bytes: the proportional set size (PSS) of the browser's process tree where the system "
        "tells it, because RSS counts pages that processes share once for each of them."
    ),
]


class Browser(Struct, frozen=True):
    """The browser that was driven; mode is headed, headless or headless-shell."""

    name: str
    version: str
    path: str
    headless: bool
    switches: tuple[str, ...]
    mode: str = ""


class Environment(Struct, frozen=True):
    """Where it was measured; browsers are those that were driven beside the first."""

    browserconc: str
    python: str
    platform: str
    cpus: int
    memory_bytes: int
    browser: Browser | None
    browsers: tuple[Browser, ...] = ()


class Concurrency(Struct, frozen=True):
    """How many requests the server worked on at once.

    Sustained is the highest level held for at least half a service time, peak the highest of all,
    effective the mean over the makespan.
    """

    sustained: int
    peak: int
    effective: float


class Verdict(Struct, frozen=True):
    """What one trial showed; share is the named cause's part of all waiting."""

    kind: Kind
    limit: int | None
    culprit: Culprit | None
    cause: str | None
    share: Share
    doubts: tuple[str, ...]
    because: tuple[str, ...] = ()


class Cost(Struct, frozen=True):
    """What the trial's browsers cost."""

    rss_bytes: Memory
    cpu_s: Seconds
    startup_s: Seconds


class Server(Struct, frozen=True):
    """What the server's own ledger says about one request."""

    accepted_s: Instant | None
    started_s: Instant
    finished_s: Instant
    pid: int
    thread: str


class Slice(Struct, frozen=True):
    """A stretch of one request: a cause id, "service" or "unattributed"."""

    cause: str
    start_s: Instant
    end_s: Instant
    because: str = ""


class Request(Struct, frozen=True):
    """One request; its slices partition start_s..end_s exactly, each starting where the last ended.

    Of a page's requests those are critical that the load of their tab waited for.
    """

    index: int
    url: str
    status: int | None
    error: str | None
    start_s: Instant
    end_s: Instant
    local_port: int | None
    connection_reused: bool | None
    server: Server | None
    slices: tuple[Slice, ...]
    tab: int | None = None
    critical: bool = True


class Trial(Struct, frozen=True):
    """One strategy against one server (null for a foreign URL)."""

    id: str
    strategy: str
    server: str | None
    url: str
    tabs: int
    delay_s: Seconds | None
    repeat: int
    start_spread_s: Seconds | None
    makespan_s: Seconds
    ideal_s: Seconds | None
    concurrency: Concurrency
    verdict: Verdict
    waiting_s: Waiting
    cost: Cost | None
    requests: tuple[Request, ...]
    browser: str | None = None
    workload: str = "navigate"


class Remedy(Struct, frozen=True):
    """One change that lets more run at once; proven if a trial of this run showed it."""

    change: str
    cause_removed: str
    makespan_s: Seconds
    limit: int | None
    rss_bytes_per_tab: Memory | None
    proven: bool
    startup_s: Seconds | None = None
    trial: str = ""


class Conclusion(Struct, frozen=True):
    """What all trials together say; a limit that is null was not seen. Remedies: cheapest first."""

    summary: str
    culprit: Culprit | None
    cause: str | None
    limit: int | None
    server_limit: int | None
    browser_limit: int | None
    skew: float | None
    remedies: tuple[Remedy, ...]
    url: str | None = None
    share: Share | None = None
    because: tuple[str, ...] = ()
    advice: str | None = None
    alone_s: Seconds | None = None
    doubts: tuple[str, ...] = ()


class SocketGroup(Struct, frozen=True):
    """The sockets of one group; in_use is the most that were in use in each step."""

    group: str
    sockets: int
    requests: int
    peak: int
    in_use: tuple[int, ...]


class LimitHit(Struct, frozen=True):
    """A limit that held requests back: a cause id, where, at what number, how often, how long."""

    cause: str
    where: str
    value: int | None
    times: int
    waited_s: Seconds
    longest_s: Seconds


class Network(Struct, frozen=True):
    """What an observed browser's log says of its connections, cut into steps of equal length."""

    span_s: Seconds
    step_s: Seconds
    groups: tuple[SocketGroup, ...]
    limits: tuple[LimitHit, ...]


class Result(Struct, frozen=True, tag_field="schema", tag=SCHEMA):
    """What browserconc measured and concluded."""

    command: str
    environment: Environment
    trials: tuple[Trial, ...]
    conclusion: Conclusion
    recording: str | None = None
    network: Network | None = None
