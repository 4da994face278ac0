"""What `tune` asks for and gets: settings, the points measured at them, the curve, the advice.

Durations are integer nanoseconds, memory is bytes, rates are pages per second, shares are 0..1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from browserconc.model.crawl import Pressure
from browserconc.model.finding import Environment

Unit = Literal["PAGE", "CONTEXT", "BROWSER"]
"""What is multiplied, in puppeteer-cluster's words: tabs of a context, contexts of a browser, browsers."""
Goal = Literal["throughput", "latency", "memory"]
Lifetime = Literal["tab", "context", "browser"]
"""What lives on from page to page: the tab itself, its context (a new tab per page), or the browser alone
(a new context per page, so nothing is cached and nobody is logged in)."""

UNITS: tuple[Unit, ...] = ("CONTEXT", "PAGE", "BROWSER")
"""In the order in which they are tried: the dearest to open comes last."""


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """So many browsers, with so many contexts each, with so many tabs each."""

    browsers: int = 1
    contexts: int = 1
    tabs: int = 1

    @property
    def total(self) -> int:
        """Tabs in all: how many pages load at once."""
        return self.browsers * self.contexts * self.tabs

    @property
    def unit(self) -> Unit:
        """What keeps its tabs apart from each other."""
        if self.tabs > 1:
            return "PAGE"
        return "CONTEXT" if self.contexts > 1 or self.browsers == 1 else "BROWSER"

    def __str__(self) -> str:
        return f"{self.browsers}x{self.contexts}x{self.tabs}"

    def covers(self, other: Setting) -> bool:
        """Whether the other's tabs are all among mine."""
        return self.browsers >= other.browsers and self.contexts >= other.contexts and self.tabs >= other.tabs

    @classmethod
    def of(cls, unit: Unit, n: int) -> Setting:
        """`n` tabs, multiplied by that unit alone."""
        match unit:
            case "PAGE":
                return cls(tabs=n)
            case "CONTEXT":
                return cls(contexts=n)
            case "BROWSER":
                return cls(browsers=n)


@dataclass(frozen=True, slots=True)
class Ask:
    """One window to be measured: that setting, loading page after page for so long.

    With `alone` no other tab is open meanwhile, and memory is measured; without, tabs of other settings
    stay open and idle, so that settings can be compared in turns. `cache` False switches the HTTP cache
    off; `observed` asks the browser what the pages waited for; with `many_sites` every page is of another.
    `proxied` False leaves the contexts without their proxies.
    """

    setting: Setting
    window_ns: int
    purpose: str
    alone: bool = True
    lifetime: Lifetime = "tab"
    cache: bool = True
    observed: bool = False
    many_sites: bool = False
    proxied: bool = True


@dataclass(frozen=True, slots=True)
class HostWindow:
    """One host's part of a window; see `Window`."""

    host: str
    pages_per_s: float
    rates: tuple[float, ...]
    durations_ns: tuple[int, ...]
    errors: int
    cpu_share: float
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """What one window gave, as measured. `rates` are the rates of its parts in turn (see `Point.rate_error`).

    `cpu_share` is how much of the machine's processors was in use, `others_share` how much by programs
    that are not ours. `cpu_ns` is CPU time of browsers, driver and our own endpoint. Of browsers that others
    started the latter two are not known, of those on another machine neither is the first. `took_ns` includes
    opening the tabs. `durations_ns` are those of the pages that ended in the window, `ages` at which page
    of its tab each was. `waiting` is each cause's share of the requests' time, None where not observed.

    Of several hosts, `hosts` has each one's part. Rate, pages and `cpu_ns` are those of all of them; shares,
    memory and pressure are the tightest host's.
    """

    pages_per_s: float
    rates: tuple[float, ...]
    durations_ns: tuple[int, ...]
    ages: tuple[int, ...]
    errors: int
    crashes: int
    window_ns: int
    took_ns: int
    cpu_share: float | None
    others_share: float | None
    cpu_ns: int | None
    memory_bytes: int | None
    pool_bytes: int | None
    pressure: Pressure
    said: tuple[str, ...] = ()
    waiting: Mapping[str, float] | None = None
    hosts: tuple[HostWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """All windows of one setting together. `bound_by` is a cause's id, or the constraint that was reached."""

    setting: Setting
    pages_per_s: float
    rate_error: float
    p50_ns: int
    p95_ns: int
    p99_ns: int
    pages: int
    errors: int
    crashes: int
    memory_bytes: int | None
    cpu_share: float | None
    others_share: float | None
    cpu_ns_per_page: int | None
    bound_by: str | None = None
    windows: int = 1

    @property
    def error_share(self) -> float:
        """Pages that failed, of all that were tried."""
        return self.errors / max(1, self.pages + self.errors)


@dataclass(frozen=True, slots=True)
class Fit:
    """The Universal Scalability Law: X(n) = first * n / (1 + sigma (n - 1) + kappa n (n - 1)).

    `first` is the rate of one tab, `sigma` the contention, `kappa` the coherency cost. `knee` is the n
    of the peak, `knee_low` and `knee_high` its 95 % confidence interval; None is "no end in sight".
    """

    first: float
    sigma: float
    kappa: float
    knee: float | None
    knee_low: float | None
    knee_high: float | None

    def rate(self, n: float) -> float:
        """Pages per second that the law predicts for n tabs."""
        return self.first * n / (1 + self.sigma * (n - 1) + self.kappa * n * (n - 1))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the chosen setting has to keep to; None is no limit.

    `rate` caps pages per second; `own_pages` are those that we serve, under as many host names as we like.
    With `compare_direct` the contexts have proxies, and what they cost is measured, too. Where others
    started the browsers there are `most_browsers`, at so many `places`, which may be other machines.
    `closing_ns` of the budget are kept for what no window takes: Python's start and the browsers' end.
    """

    memory_bytes: int | None = None
    cpu_share: float | None = None
    error_share: float = 0.02
    p95_ns: int | None = None
    budget_ns: int = 60_000_000_000
    goal: Goal = "throughput"
    rate: float | None = None
    most_tabs: int = 256
    most_browsers: int | None = None
    places: int = 1
    own_pages: bool = False
    compare_direct: bool = False
    closing_ns: int = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Variation:
    """The chosen setting with one thing changed; `ratio` is its rate over that of the chosen one nearby."""

    change: str
    lifetime: Lifetime
    cache: bool
    pages_per_s: float
    ratio: float
    p95_ns: int


@dataclass(frozen=True, slots=True)
class Wear:
    """What pages leave behind in tabs that are reused.

    `slower_per_100` is the change of a page's duration over a hundred pages, as a share of it;
    `recycle_after` in how many pages a tab's context is worth replacing, None where no wear was seen.
    """

    pages_per_tab: int
    bytes_per_page: int | None
    slower_per_100: float | None
    recycle_after: int | None


@dataclass(frozen=True, slots=True)
class HostPoint:
    """What one of several hosts did at the chosen setting."""

    host: str
    pages_per_s: float
    rate_error: float
    p95_ns: int
    memory_bytes: int | None
    cpu_share: float
    errors: int


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a host is, and how well its clock is known: both in ns of our monotonic clock."""

    host: str
    platform: str
    cpus: int
    memory_bytes: int
    clock_offset_ns: int
    clock_error_ns: int


@dataclass(frozen=True, slots=True)
class Advice:
    """What is to be run, and why. `stopped` says of each unit why it grew no further."""

    chosen: Point | None
    points: tuple[Point, ...]
    fit: Fit | None
    fitted_unit: Unit | None
    stopped: Mapping[Unit, str] = field(default_factory=dict)
    variations: tuple[Variation, ...] = ()
    wear: Wear | None = None
    waiting: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    hosts: tuple[HostPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Tuning:
    """The advice, what was loaded, and where it was measured; `hosts` where that was not here alone.

    `proxies` are their addresses, without credentials; each context had one of them. `remotes` are those of
    browsers that others started, without tokens, if it was in such.
    """

    environment: Environment
    target: str
    goal: Goal
    took_ns: int
    advice: Advice
    interrupted: bool = False
    hosts: tuple[HostFacts, ...] = ()
    proxies: tuple[str, ...] = ()
    remotes: tuple[str, ...] = ()
