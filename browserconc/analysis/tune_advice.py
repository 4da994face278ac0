"""From the windows that were measured to points, the best of them, what binds there, and the advice.

Pure: any beginning of a search, such as one that was interrupted, has an advice too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from browserconc.analysis import hosts_together, usl
from browserconc.analysis.wear import wear
from browserconc.model.tuning import (
    UNITS,
    Advice,
    Ask,
    Ceiling,
    Fit,
    Point,
    Setting,
    Unit,
    Variation,
    Wear,
    Window,
)

Seen = tuple[Ask, Window]

SATURATED = 0.9
"""From this share of the processors on, more tabs mostly wait for each other's turn."""
DISTURBED = 0.15
"""Other programs' share of the processors from which on the figures are doubted."""
BARELY_SLOWER = 0.98
"""Two per cent less throughput is given away for less memory: as much as windows of one setting differ."""
CAUTION = 1.25
"""More tabs are expected to take so much more than those before them did."""
HOLDS = 0.3
"""A cause binds where it has this much of the time that the requests took."""
VARIATIONS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("observed", {"observed": True}),
    ("no proxies", {"proxied": False}),
    ("new context per page", {"lifetime": "browser"}),
    ("new tab per page", {"lifetime": "context"}),
    ("many sites", {"many_sites": True}),
    ("cache off", {"cache": False}),
)
"""What is changed at the chosen setting: a name, and what the Ask says of it."""
_SEPARATE = {purpose for purpose, _ in VARIATIONS}


def advise(seen: Sequence[Seen], ceiling: Ceiling, stopped: Mapping[Unit, str] | None = None) -> Advice:
    """What is to be run according to the windows measured so far."""
    measured = points(seen, ceiling)
    chosen = choose(seen, ceiling)
    waiting = next((window.waiting for ask, window in seen if ask.observed and window.waiting), {})
    unit = _fitted_unit(seen, chosen.setting) if chosen else None
    if chosen:
        chosen = replace(chosen, bound_by=_binds(chosen, ceiling, waiting))
        measured[chosen.setting] = chosen
    hosts = hosts_together.points(_plain(seen, chosen.setting)) if chosen else ()
    return Advice(
        chosen=chosen,
        points=tuple(measured.values()),
        fit=fitted(seen, ceiling, unit) if unit else None,
        fitted_unit=unit,
        stopped=dict(stopped or {}),
        variations=_variations(seen, chosen) if chosen else (),
        wear=_wear(seen, chosen) if chosen else None,
        waiting=waiting,
        doubts=(*_doubts(seen, measured.values(), chosen, ceiling), *hosts_together.differing(hosts)),
        hosts=hosts,
    )


def points(seen: Iterable[Seen], ceiling: Ceiling) -> dict[Setting, Point]:
    """Every setting that was measured, in the order in which it was tried; its windows together."""
    windows: dict[Setting, list[Window]] = {}
    for ask, window in seen:
        if ask.purpose not in _SEPARATE:
            windows.setdefault(ask.setting, []).append(window)
    return {setting: _point(setting, mine, ceiling) for setting, mine in windows.items()}


def _point(setting: Setting, windows: Sequence[Window], ceiling: Ceiling) -> Point:
    durations = sorted(ns for window in windows for ns in window.durations_ns)
    rates = [rate for window in windows for rate in window.rates]
    memory = [window.memory_bytes for window in windows if window.memory_bytes is not None]
    point = Point(
        setting=setting,
        pages_per_s=fmean(window.pages_per_s for window in windows),
        rate_error=stdev(rates) / sqrt(len(rates)) if len(rates) > 1 else 0.0,
        p50_ns=_quantile(durations, 0.5),
        p95_ns=_quantile(durations, 0.95),
        p99_ns=_quantile(durations, 0.99),
        pages=len(durations),
        errors=sum(window.errors for window in windows),
        crashes=sum(window.crashes for window in windows),
        memory_bytes=max(memory, default=None),
        cpu_share=_mean([window.cpu_share for window in windows]),
        others_share=_mean([window.others_share for window in windows]),
        cpu_ns_per_page=_cpu_ns_per_page(windows),
        windows=len(windows),
    )
    return replace(point, bound_by=_binds(point, ceiling, {}))


def _mean(values: Sequence[float | None]) -> float | None:
    """None where one of them is not known."""
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


def _cpu_ns_per_page(windows: Sequence[Window]) -> int | None:
    pages = sum(window.pages_per_s * window.window_ns / 1e9 for window in windows)
    used = _mean([window.cpu_ns for window in windows])
    if used is None:
        return None
    return round(used * len(windows) / pages) if pages else 0


def merit(point: Point, ceiling: Ceiling) -> float:
    """What is to be as large as possible.

    Throughput: the rate. Latency: the rate over the 95th percentile of a page's time (Kleinrock's
    power, whose peak is the knee of a queue). Memory: the rate per byte.
    """
    rate = point.pages_per_s
    match ceiling.goal:
        case "latency":
            return rate / max(1, point.p95_ns)
        case "memory":
            return rate / max(1, point.memory_bytes or 1)
        case _:
            return rate


def beyond(point: Point, ceiling: Ceiling) -> str | None:
    """The constraint that a point breaks, in a few words; None for a point that keeps to all of them."""
    if point.pages == 0:
        return f"no page was loaded with {point.setting.total} tabs"
    if too_many_failed(point, ceiling):
        return f"{point.error_share:.0%} of the pages failed with {point.setting.total} tabs"
    if ceiling.p95_ns is not None and point.p95_ns > ceiling.p95_ns:
        return f"the 95th percentile was {point.p95_ns / 1e9:.2f} s with {point.setting.total} tabs"
    if ceiling.memory_bytes is not None and (point.memory_bytes or 0) > ceiling.memory_bytes:
        return f"{point.setting.total} tabs took more than the memory allowed"
    if (
        ceiling.cpu_share is not None
        and (point.cpu_share or 0) - (point.others_share or 0) > ceiling.cpu_share
    ):
        return f"{point.setting.total} tabs took more than the processor time allowed"
    return None


def too_many_failed(point: Point, ceiling: Ceiling) -> bool:
    """Whether more pages failed than may; a single one of a few is no rate yet, unless none may fail."""
    single = point.errors == 1 and ceiling.error_share > 0
    return point.error_share > ceiling.error_share and not single


def allowed(measured: Iterable[Point], ceiling: Ceiling) -> list[Point]:
    """Those that keep to every constraint."""
    return [point for point in measured if beyond(point, ceiling) is None]


def best(measured: Iterable[Point], ceiling: Ceiling) -> Point | None:
    """The one with the most merit among those that keep to every constraint."""
    return max(allowed(measured, ceiling), key=lambda point: merit(point, ceiling), default=None)


def choose(seen: Sequence[Seen], ceiling: Ceiling) -> Point | None:
    """The best one, or the cheapest of those that are as good.

    Where some took turns, only they are candidates: the luckiest of many single windows is not the best.
    """
    keeping = allowed(points(seen, ceiling).values(), ceiling)
    compared = {ask.setting for ask, _ in seen if ask.purpose == "compare"}
    candidates = [point for point in keeping if point.setting in compared] or keeping
    top = best(candidates, ceiling)
    if top is None:
        return None
    least = BARELY_SLOWER * merit(top, ceiling)
    good = [point for point in candidates if merit(point, ceiling) >= least]
    return min(good, key=lambda point: (point.memory_bytes or 0, point.setting.total))


def fitted(seen: Sequence[Seen], ceiling: Ceiling, unit: Unit) -> Fit | None:
    """The law through the points of one unit that did not fail."""
    family = [
        point
        for setting, point in points(seen, ceiling).items()
        if setting == Setting.of(unit, setting.total)
    ]
    return usl.fit(
        [
            usl.Measured(point.setting.total, point.pages_per_s, point.rate_error)
            for point in family
            if point.pages and not too_many_failed(point, ceiling)
        ]
    )


def _fitted_unit(seen: Sequence[Seen], chosen: Setting) -> Unit:
    """The unit whose curve stands behind the chosen setting; a mixed one has that of its contexts."""
    for unit in UNITS:
        if chosen == Setting.of(unit, chosen.total) and chosen.total > 1:
            return unit
    grown = {ask.setting.unit for ask, _ in seen if ask.setting.total > 1}
    return "CONTEXT" if "CONTEXT" in grown or not grown else sorted(grown)[0]


def too_much_memory(seen: Sequence[Seen], setting: Setting, ceiling: Ceiling) -> str | None:
    """Whether the next step would take more memory than is allowed or there, by what tabs took so far."""
    known = {ask.setting: window.memory_bytes for ask, window in seen if window.memory_bytes is not None}
    if not known:
        return None
    expected, guessed = _expected_memory(known, setting)
    # What the user allows may be passed for one window that is not chosen then; what there is may not.
    if ceiling.memory_bytes is not None and not guessed and expected > ceiling.memory_bytes:
        return f"{setting.total} tabs would take about {expected / 1e6:,.0f} MB, more than is allowed"
    pool, headroom = seen[-1][1].pool_bytes or 0, seen[-1][1].pressure.headroom_bytes
    if headroom is not None and expected - pool > headroom:
        return f"{setting.total} tabs would take about {expected / 1e6:,.0f} MB, more than is free"
    return None


def _expected_memory(known: Mapping[Setting, int], setting: Setting) -> tuple[float, bool]:
    """What a setting would take, and whether that is a guess for want of two smaller ones to go by.

    One tab's memory is mostly its browser's own, so a second one takes less: how much two settings with as
    many browsers tell.
    """
    smaller = [each for each in known if setting.covers(each)] or list(known)[:1]
    nearest = max(smaller, key=lambda each: each.total)
    alike = [each for each in smaller if each.browsers == nearest.browsers and each.total < nearest.total]
    per_tab = known[nearest] / nearest.total
    guessed = nearest.browsers == setting.browsers and not alike and setting != nearest
    if alike and nearest.browsers == setting.browsers:
        least = min(alike, key=lambda each: each.total)
        grown = (known[nearest] - known[least]) / (nearest.total - least.total)
        per_tab = min(per_tab, max(0.0, CAUTION * grown))
    return known[nearest] + max(0, setting.total - nearest.total) * per_tab, guessed


def _plain(seen: Sequence[Seen], setting: Setting) -> list[Window]:
    """The windows of a setting in which nothing was changed."""
    return [window for ask, window in seen if ask.setting == setting and ask.purpose not in _SEPARATE]


def _wear(seen: Sequence[Seen], chosen: Point) -> Wear | None:
    return wear(_plain(seen, chosen.setting), [window for ask, window in seen if ask.purpose == "compare"])


def _binds(point: Point, ceiling: Ceiling, waiting: Mapping[str, float]) -> str | None:
    """What keeps a point from being faster: a cause's id, a constraint, or None: nothing was seen to."""
    held = {cause: share for cause, share in waiting.items() if cause not in {"service", "unattributed"}}
    cause = max(held, key=lambda name: held[name], default=None)
    if ceiling.rate is not None and point.pages_per_s >= 0.95 * ceiling.rate:
        return "rate-cap"
    if (point.cpu_share or 0) >= SATURATED:
        return "machine-saturated"
    return cause if cause and held[cause] >= HOLDS else None


def _variations(seen: Sequence[Seen], chosen: Point) -> tuple[Variation, ...]:
    """Each compared with the windows of the chosen setting that took turns with others, the latest."""
    mine = _plain(seen, chosen.setting)
    reference = fmean(window.pages_per_s for window in mine[-3:])
    found = []
    for ask, window in seen:
        if ask.purpose in _SEPARATE - {"observed"} and ask.setting == chosen.setting and window.durations_ns:
            p95 = _quantile(sorted(window.durations_ns), 0.95)
            ratio = window.pages_per_s / reference if reference else 0.0
            found.append(Variation(ask.purpose, ask.lifetime, ask.cache, window.pages_per_s, ratio, p95))
    return tuple(found)


def _doubts(
    seen: Sequence[Seen], measured: Iterable[Point], chosen: Point | None, ceiling: Ceiling
) -> tuple[str, ...]:
    doubts = list(dict.fromkeys(said for _, window in seen for said in window.said))
    crashes = sum(window.crashes for _, window in seen)
    if crashes:
        doubts.append(
            f"{crashes} tabs or browsers crashed while it was measured; what could be replaced was."
        )
    if chosen is None:
        broken = [reason for point in measured if (reason := beyond(point, ceiling))]
        return (*doubts, *(f"{reason[:1].upper()}{reason[1:]}." for reason in broken[:1]))
    if (chosen.others_share or 0) > DISTURBED:
        doubts.append(
            f"Other programs used {chosen.others_share:.0%} of the processors meanwhile: "
            "on a quieter machine more pages come through."
        )
    if chosen.error_share > ceiling.error_share:
        doubts.append(
            f"1 of {chosen.pages + 1} pages failed at the chosen setting: more have to be loaded to tell "
            f"whether that is more than the {ceiling.error_share:.0%} that may."
        )
    if not any(ask.purpose == "compare" for ask, _ in seen):
        doubts.append("The best settings did not take turns: a larger --budget makes the choice surer.")
    elif chosen.pages < 50:
        doubts.append(f"Only {chosen.pages} pages were counted: a larger --budget makes the figures surer.")
    return tuple(doubts)


def _quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that is not exceeded by that share of all; 0 of nothing."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0
