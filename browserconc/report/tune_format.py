"""The fields of what `tune` found as JSON, schema "browserconc/tune-1", for `tune_json.py`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from browserconc.model import tuning

SCHEMA = "browserconc/tune-1"

Seconds = Annotated[float, Meta(description="Seconds.")]
Share = Annotated[float, Meta(ge=0, description="A share of one.")]


class Browser(Struct, frozen=True):
    """The browser that was driven."""

    name: str
    version: str
    path: str
    headless: bool
    switches: tuple[str, ...]


class Environment(Struct, frozen=True):
    """Where it was measured."""

    browserconc: str
    python: str
    platform: str
    cpus: int
    memory_bytes: int
    browser: Browser | None


class Point(Struct, frozen=True):
    """One setting: so many browsers, contexts in each browser, and tabs in each context."""

    browsers: int
    contexts: Annotated[int, Meta(description="In each browser.")]
    tabs: Annotated[int, Meta(description="In each context.")]
    tabs_in_all: int
    unit: Annotated[str, Meta(description="PAGE, CONTEXT or BROWSER, as puppeteer-cluster has it.")]
    pages_per_s: float
    pages_per_s_error: Annotated[float, Meta(description="Standard error of pages_per_s.")]
    p50_s: Seconds
    p95_s: Seconds
    p99_s: Seconds
    pages: Annotated[int, Meta(description="Pages that were counted.")]
    errors: int
    crashes: int
    rss_bytes: Annotated[int | None, Meta(description="PSS of the browsers; null where not measured.")]
    cpu_share: Annotated[
        float | None,
        Meta(description="Of all processors, all programs together; null of another machine's."),
    ]
    cpu_share_of_others: Annotated[Share | None, Meta(description="Null in browsers of others.")]
    cpu_s_per_page: Annotated[Seconds | None, Meta(description="Null in browsers of others.")]
    bound_by: Annotated[
        str | None, Meta(description="A cause's id, or rate-cap; null where nothing was seen.")
    ]


class Fit(Struct, frozen=True):
    """The Universal Scalability Law; null for a knee or an end of its interval that is not in sight."""

    unit: tuning.Unit
    first: Annotated[float, Meta(description="Pages per second of one tab.")]
    sigma: float
    kappa: float
    knee: float | None
    knee_low: float | None
    knee_high: float | None


class Variation(Struct, frozen=True):
    """The chosen setting with one thing changed."""

    change: str
    pages_per_s: float
    ratio: float
    p95_s: Seconds
    lifetime: Annotated[tuning.Lifetime, Meta(description="What lived on from page to page.")] = "tab"
    cache: Annotated[bool, Meta(description="Whether the HTTP cache was on.")] = True


class Wear(Struct, frozen=True):
    """What reuse leaves behind; null where nothing was seen."""

    pages_per_tab: int
    bytes_per_page: int | None
    slower_per_100_pages: float | None
    recycle_after_pages: int | None


class Host(Struct, frozen=True):
    """One of several hosts, and what it did at the chosen setting."""

    host: str
    platform: str
    cpus: int
    memory_bytes: int
    clock_offset_s: Annotated[Seconds, Meta(description="How far its monotonic clock is ahead of ours.")]
    clock_error_s: Seconds
    pages_per_s: float | None
    pages_per_s_error: float | None
    p95_s: Seconds | None
    rss_bytes: int | None
    cpu_share: float | None
    errors: int | None


class Tune(Struct, frozen=True):
    """Everything that `browserconc tune` says."""

    schema: str
    environment: Environment
    target: str
    goal: tuning.Goal
    took_s: Seconds
    interrupted: bool
    chosen: Point | None
    points: tuple[Point, ...]
    fit: Fit | None
    stopped: Annotated[dict[tuning.Unit, str], Meta(description="Why each unit grew no further.")]
    waiting: Annotated[dict[str, float], Meta(description="Causes' shares of the requests' time.")]
    variations: tuple[Variation, ...]
    wear: Wear | None
    settings: Annotated[dict[str, str], Meta(description="Code to paste, by library.")]
    settings_pages_per_s: dict[str, float | None]
    doubts: tuple[str, ...]
    hosts: Annotated[
        tuple[Host, ...],
        Meta(description="Of a cluster; pages_per_s elsewhere is that of all of them, rss_bytes of one."),
    ] = ()
    proxies: Annotated[tuple[str, ...], Meta(description="One for each context, in turn.")] = ()
    remotes: Annotated[tuple[str, ...], Meta(description="Addresses of browsers that others started.")] = ()
