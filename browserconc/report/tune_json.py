"""What `tune` found as JSON, schema "browserconc/tune-1"."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from browserconc.model import finding, tuning
from browserconc.model.tuning import Tuning
from browserconc.report import tune_settings
from browserconc.report.result_json import ResultError

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


def render(tuned: Tuning) -> str:
    """The whole as indented JSON, ending with a newline."""
    advice = tuned.advice
    code = tune_settings.settings(tuned)
    whole = Tune(
        schema=SCHEMA,
        environment=msgspec.convert(dataclasses.asdict(tuned.environment), Environment),
        target=tuned.target,
        goal=tuned.goal,
        took_s=tuned.took_ns / 1e9,
        interrupted=tuned.interrupted,
        chosen=_point(advice.chosen) if advice.chosen else None,
        points=tuple(map(_point, advice.points)),
        fit=_fit(advice),
        stopped=dict(advice.stopped),
        waiting=dict(advice.waiting),
        variations=tuple(
            Variation(one.change, one.pages_per_s, one.ratio, one.p95_ns / 1e9, one.lifetime, one.cache)
            for one in advice.variations
        ),
        wear=_wear(advice.wear),
        settings={one.crawler: one.code for one in code},
        settings_pages_per_s={one.crawler: one.pages_per_s for one in code},
        doubts=advice.doubts,
        hosts=_hosts(tuned),
        proxies=tuned.proxies,
        remotes=tuned.remotes,
    )
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def _point(point: tuning.Point) -> Point:
    setting = point.setting
    return Point(
        browsers=setting.browsers,
        contexts=setting.contexts,
        tabs=setting.tabs,
        tabs_in_all=setting.total,
        unit=setting.unit,
        pages_per_s=point.pages_per_s,
        pages_per_s_error=point.rate_error,
        p50_s=point.p50_ns / 1e9,
        p95_s=point.p95_ns / 1e9,
        p99_s=point.p99_ns / 1e9,
        pages=point.pages,
        errors=point.errors,
        crashes=point.crashes,
        rss_bytes=point.memory_bytes,
        cpu_share=point.cpu_share,
        cpu_share_of_others=point.others_share,
        cpu_s_per_page=None if point.cpu_ns_per_page is None else point.cpu_ns_per_page / 1e9,
        bound_by=point.bound_by,
    )


def _fit(advice: tuning.Advice) -> Fit | None:
    fit, unit = advice.fit, advice.fitted_unit
    if fit is None or unit is None:
        return None
    return Fit(unit, fit.first, fit.sigma, fit.kappa, fit.knee, fit.knee_low, fit.knee_high)


def _wear(worn: tuning.Wear | None) -> Wear | None:
    if worn is None:
        return None
    return Wear(worn.pages_per_tab, worn.bytes_per_page, worn.slower_per_100, worn.recycle_after)


def _hosts(tuned: Tuning) -> tuple[Host, ...]:
    did = {one.host: one for one in tuned.advice.hosts}
    found = []
    for facts in tuned.hosts:
        one = did.get(facts.host)
        found.append(
            Host(
                host=facts.host,
                platform=facts.platform,
                cpus=facts.cpus,
                memory_bytes=facts.memory_bytes,
                clock_offset_s=facts.clock_offset_ns / 1e9,
                clock_error_s=facts.clock_error_ns / 1e9,
                pages_per_s=one.pages_per_s if one else None,
                pages_per_s_error=one.rate_error if one else None,
                p95_s=one.p95_ns / 1e9 if one else None,
                rss_bytes=one.memory_bytes if one else None,
                cpu_share=one.cpu_share if one else None,
                errors=one.errors if one else None,
            )
        )
    return tuple(found)


def parse(text: bytes) -> Tuning:
    """Reads what `render` wrote, or a file of the same schema with further fields.

    Raises:
        ResultError: a field that is missing or of another type.
    """
    try:
        found = msgspec.json.decode(text, type=Tune)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise ResultError(f"This is not a {SCHEMA} ({problem}).") from problem
    fit, worn = found.fit, found.wear
    advice = tuning.Advice(
        chosen=_read_point(found.chosen) if found.chosen else None,
        points=tuple(map(_read_point, found.points)),
        fit=tuning.Fit(fit.first, fit.sigma, fit.kappa, fit.knee, fit.knee_low, fit.knee_high)
        if fit
        else None,
        fitted_unit=fit.unit if fit else None,
        stopped=found.stopped,
        variations=tuple(
            tuning.Variation(
                one.change, one.lifetime, one.cache, one.pages_per_s, one.ratio, round(one.p95_s * 1e9)
            )
            for one in found.variations
        ),
        wear=tuning.Wear(
            worn.pages_per_tab, worn.bytes_per_page, worn.slower_per_100_pages, worn.recycle_after_pages
        )
        if worn
        else None,
        waiting=found.waiting,
        hosts=tuple(part for host in found.hosts if (part := _read_part(host))),
        doubts=found.doubts,
    )
    return Tuning(
        environment=msgspec.convert(msgspec.to_builtins(found.environment), finding.Environment),
        target=found.target,
        goal=found.goal,
        took_ns=round(found.took_s * 1e9),
        advice=advice,
        interrupted=found.interrupted,
        hosts=tuple(map(_read_host, found.hosts)),
        proxies=found.proxies,
        remotes=found.remotes,
    )


def _read_point(point: Point) -> tuning.Point:
    return tuning.Point(
        setting=tuning.Setting(point.browsers, point.contexts, point.tabs),
        pages_per_s=point.pages_per_s,
        rate_error=point.pages_per_s_error,
        p50_ns=round(point.p50_s * 1e9),
        p95_ns=round(point.p95_s * 1e9),
        p99_ns=round(point.p99_s * 1e9),
        pages=point.pages,
        errors=point.errors,
        crashes=point.crashes,
        memory_bytes=point.rss_bytes,
        cpu_share=point.cpu_share,
        others_share=point.cpu_share_of_others,
        cpu_ns_per_page=None if point.cpu_s_per_page is None else round(point.cpu_s_per_page * 1e9),
        bound_by=point.bound_by,
    )


def _read_host(host: Host) -> tuning.HostFacts:
    return tuning.HostFacts(
        host=host.host,
        platform=host.platform,
        cpus=host.cpus,
        memory_bytes=host.memory_bytes,
        clock_offset_ns=round(host.clock_offset_s * 1e9),
        clock_error_ns=round(host.clock_error_s * 1e9),
    )


def _read_part(host: Host) -> tuning.HostPoint | None:
    if host.pages_per_s is None:
        return None
    return tuning.HostPoint(
        host=host.host,
        pages_per_s=host.pages_per_s,
        rate_error=host.pages_per_s_error or 0.0,
        p95_ns=round((host.p95_s or 0.0) * 1e9),
        memory_bytes=host.rss_bytes,
        cpu_share=host.cpu_share or 0.0,
        errors=host.errors or 0,
    )
