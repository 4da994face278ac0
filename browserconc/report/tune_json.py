"""What `tune` found as JSON: into the fields of `tune_format.py`, and out of them."""

from __future__ import annotations

import dataclasses

import msgspec

from browserconc.model import finding, tuning
from browserconc.model.tuning import Tuning
from browserconc.report import tune_settings
from browserconc.report.json_text import decoded, indented
from browserconc.report.tune_format import SCHEMA, Environment, Fit, Host, Point, Tune, Variation, Wear


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
    return indented(whole)


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
    found = decoded(text, SCHEMA, Tune)
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
