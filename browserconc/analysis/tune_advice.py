"""From the windows that were measured to points, the best of them, what binds there, and the advice.

Pure: any beginning of a search, such as one that was interrupted, has an advice too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from browserconc.analysis import hosts_together, usl
from browserconc.analysis.tune_points import (
    SEPARATE,
    Seen,
    beyond,
    binds,
    plain,
    points,
    quantile,
    too_many_failed,
)
from browserconc.analysis.tune_rivals import choose
from browserconc.analysis.wear import wear
from browserconc.model.tuning import (
    UNITS,
    Advice,
    Ceiling,
    Fit,
    Point,
    Setting,
    Unit,
    Variation,
    Wear,
)

DISTURBED = 0.15
"""Other programs' share of the processors from which on the figures are doubted."""
CAUTION = 1.25
"""More tabs are expected to take so much more than those before them did."""


def advise(seen: Sequence[Seen], ceiling: Ceiling, stopped: Mapping[Unit, str] | None = None) -> Advice:
    """What is to be run according to the windows measured so far."""
    measured = points(seen, ceiling)
    chosen = choose(seen, ceiling)
    waiting = next((window.waiting for ask, window in seen if ask.observed and window.waiting), {})
    unit = _fitted_unit(seen, chosen.setting) if chosen else None
    if chosen:
        chosen = replace(chosen, bound_by=binds(chosen, ceiling, waiting))
        measured[chosen.setting] = chosen
    hosts = hosts_together.points(plain(seen, chosen.setting)) if chosen else ()
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


def _wear(seen: Sequence[Seen], chosen: Point) -> Wear | None:
    return wear(plain(seen, chosen.setting), [window for ask, window in seen if ask.purpose == "compare"])


def _variations(seen: Sequence[Seen], chosen: Point) -> tuple[Variation, ...]:
    """Each compared with the windows of the chosen setting that took turns with others, the latest."""
    mine = plain(seen, chosen.setting)
    reference = fmean(window.pages_per_s for window in mine[-3:])
    found = []
    for ask, window in seen:
        if ask.purpose in SEPARATE - {"observed"} and ask.setting == chosen.setting and window.durations_ns:
            p95 = quantile(sorted(window.durations_ns), 0.95)
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
