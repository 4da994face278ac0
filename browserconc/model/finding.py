"""What was concluded: claims become attributions, attributions a verdict, verdicts a conclusion.

Durations and instants are integer nanoseconds; instants in a finding are relative to the
trial's start instant. `report/result_json.py` alone turns them into the contract's seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from browserconc.model.network import Network

Culprit = Literal["browser", "server", "client", "network", "page"]
Kind = Literal["concurrent", "limited", "serial", "undecided"]

SERVICE = "service"
"""The slice in which the server worked for the request: the only one that is not waiting."""
UNATTRIBUTED = "unattributed"
"""The slice that no cause explains."""


class Claim(NamedTuple):  # there are dozens for every request; a frozen dataclass is made in thrice the time
    """A cause says: this stretch of this request was mine. Claims may overlap."""

    cause: str
    start_ns: int
    end_ns: int
    because: str = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of one request's life that belongs to one cause, to SERVICE or to UNATTRIBUTED."""

    cause: str
    start_ns: int
    end_ns: int
    because: str = ""

    @property
    def duration_ns(self) -> int:
        """Its length."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """What the server's own ledger says about one request."""

    accepted_ns: int | None
    started_ns: int
    finished_ns: int
    pid: int
    thread: str


@dataclass(frozen=True, slots=True)
class RequestFinding:
    """One request with an exact partition: the slices sum to end_ns - start_ns, without a gap.

    `tab` is the tab that made it, None where that is not known. Of a page's requests those are `critical`
    that its load waited for, one after the other.
    """

    index: int
    url: str
    status: int | None
    error: str | None
    start_ns: int
    end_ns: int
    local_port: int | None
    connection_reused: bool | None
    server: ServerSeen | None
    slices: tuple[Slice, ...]
    tab: int | None = None
    critical: bool = True


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many requests the server worked on at once.

    `sustained` is the highest level held for at least half a service time in one stretch: what
    verdicts use. `peak` is the highest level of all, for show: a perfectly serial run peaks at 2.
    `effective` is the mean: all service time / makespan.
    """

    sustained: int
    peak: int
    effective: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one trial showed. `share` is the named cause's part of all waiting, 0..1.

    `suspect` is a cause that this trial alone cannot show and that another one may.
    """

    kind: Kind
    limit: int | None
    culprit: Culprit | None
    cause: str | None
    share: float
    doubts: tuple[str, ...]
    because: tuple[str, ...] = ()
    suspect: str | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What the trial's browsers cost: memory as PSS of the process tree, CPU, time to get ready."""

    memory_bytes: int
    cpu_ns: int
    startup_ns: int


@dataclass(frozen=True, slots=True)
class TrialFinding:
    """One trial, measured and judged.

    `browser` is the name by which one was chosen, None for no browser; `workload` is how each tab asked.
    """

    id: str
    strategy: str
    server: str | None
    url: str
    tabs: int
    delay_ns: int | None
    repeat: int
    start_spread_ns: int | None
    makespan_ns: int
    ideal_ns: int | None
    concurrency: Concurrency
    verdict: Verdict
    waiting_ns: Mapping[str, int]
    cost: Cost | None
    requests: tuple[RequestFinding, ...]
    browser: str | None = None
    workload: str = "navigate"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change that lets more run at once; `proven` if a trial of this run showed it.

    `memory_per_tab_bytes` and `startup_ns` are what it costs, where that was measured.
    """

    change: str
    cause_removed: str
    makespan_ns: int
    limit: int | None
    memory_per_tab_bytes: int | None
    startup_ns: int | None
    proven: bool
    trial: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What all trials together say. `None` for a limit: no limit was seen.

    `url` is the request that a page's tabs waited for, `share` the cause's part of their waiting, `because`
    the evidence, `advice` what removes the cause where nobody could try it, `alone_ns` how long one tab
    alone takes to load. `doubts` are about the conclusion, not about one trial.
    """

    summary: str
    culprit: Culprit | None
    cause: str | None
    limit: int | None
    server_limit: int | None
    browser_limit: int | None
    skew: float | None
    remedies: tuple[Remedy, ...]
    url: str | None = None
    share: float | None = None
    because: tuple[str, ...] = ()
    advice: str | None = None
    alone_ns: int | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrowserFacts:
    """The browser that was driven; `switches` are those in force, `mode` how it shows its windows.

    "headed", "headless-shell" (a program of its own, without much of the browser around the tabs), or
    "headless": the whole browser without windows, which Chrome calls the new headless mode.
    """

    name: str
    version: str
    path: str
    headless: bool
    switches: tuple[str, ...]

    @property
    def mode(self) -> str:
        """How it shows its windows."""
        if not self.headless:
            return "headed"
        program = self.path.replace("\\", "/").rpartition("/")[2].lower().replace("_", "-")
        return "headless-shell" if "headless-shell" in program else "headless"


@dataclass(frozen=True, slots=True)
class Environment:
    """Where it was measured; `browsers` are those that were driven beside the first."""

    browserconc: str
    python: str
    platform: str
    cpus: int
    memory_bytes: int
    browser: BrowserFacts | None
    browsers: tuple[BrowserFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that a report shows; a number shown twice is computed once, here.

    `network` is what an observed browser's log says of its sockets, None where nothing was observed.
    """

    command: str
    environment: Environment
    trials: tuple[TrialFinding, ...]
    conclusion: Conclusion
    recording: str | None = None
    network: Network | None = None
