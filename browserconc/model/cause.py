"""What a cause is, and what it is shown: one trial's Case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from browserconc.model.finding import Claim, Culprit
from browserconc.model.timeline import Fact, Timeline, Track

HANDOVER_NS = 100_000_000
"""The longest gap between two named steps that is still taken for ordinary work of processes that
share a busy machine (measured: up to 70 ms on two cores). A longer one is an open question."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the sources saw of one trial, not yet joined.

    `gates` maps the URL at which a tab waited for its release to the tab's index. `sources` are
    those that delivered a log. `facts` hold what is true of the trial as a whole, such as
    "max_sockets_per_group" and, by cause, the sizes of pools from the browser's own log or
    "cpu_busy_share" of the machine. `error` is the sentence that says why the trial did not come to its
    end. `alone_ns` is how long the server takes for an address (host and path) while nothing else runs,
    where that was measured; `alone_headers_ns` until its headers are there.
    """

    strategy: str
    server: str | None
    server_stated: int | None
    url: str
    tabs: int
    delay_ns: int | None
    repeat: int
    id: str
    released_ns: int
    ended_ns: int
    tracks: tuple[Track, ...]
    sources: frozenset[str]
    gates: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    error: str | None = None
    alone_ns: Mapping[str, int] = field(default_factory=dict)
    alone_headers_ns: Mapping[str, int] = field(default_factory=dict)
    browser: str | None = None
    workload: str = "navigate"


@dataclass(frozen=True, slots=True)
class Case:
    """One trial, its requests joined over all sources: what the causes look at.

    `strangers` are the server's records of requests that are nobody's timeline (a favicon, the
    page that fetches).
    """

    evidence: Evidence
    timelines: tuple[Timeline, ...]
    strangers: tuple[Track, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """One row of the catalogue: how it is recognised, what it costs, what removes it.

    `claims` says which stretches of one request this cause explains. `limits` tells whether it
    holds requests back so that fewer run at once (a limit), or only takes time. `limit` gives the
    number it holds them at, where the evidence shows one; `remark` says what else a reader of the
    verdict must know. `needs` are the sources of which one must have seen something, else it claims nothing;
    None: it may always. `slows` is for a limit that lets requests in and then works on no more than
    `limit` of them: that many overlap in the ledger proves nothing against it.
    """

    id: str
    title: str
    culprit: Culprit
    what: str
    recognised: str
    remedy: str
    claims: Callable[[Timeline, Case], Iterable[Claim]]
    needs: frozenset[str] | None = None
    limits: bool = False
    slows: bool = False
    limit: Callable[[Case], int | None] | None = None
    remark: Callable[[Case], str | None] | None = None
    threads: tuple[str, ...] = ()
