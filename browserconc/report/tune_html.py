"""What `tune` found as one HTML file that needs nothing else: the answer, the curve, the code.

The curve is drawn here, as SVG; the rest is the sheet's page.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from browserconc.model.tuning import Point, Tuning
from browserconc.report import sheet_html
from browserconc.report import tune_words as words
from browserconc.report.plot import round_up
from browserconc.report.tune import sheet
from browserconc.report.tune_settings import settings

WIDTH, HEIGHT, LEFT, BOTTOM = 760.0, 230.0, 56.0, 30.0
_STEPS = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """A measured point in the picture; `letter` says of what kind, `label` is read out."""

    x: float
    y: float
    letter: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A figure at an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart: its points, the fitted curve as an SVG path, the knee and its interval as places."""

    title: str
    marks: tuple[Mark, ...]
    xs: tuple[Tick, ...]
    ys: tuple[Tick, ...]
    path: str
    knee: float | None
    interval: tuple[float, float] | None


def render(tuned: Tuning) -> str:
    """The page as HTML text that ends with a newline."""
    return sheet_html.render(
        sheet(tuned),
        template="tune.html",
        pictures=_pictures(tuned),
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "bottom": HEIGHT - BOTTOM},
        settings=settings(tuned),
    )


def _pictures(tuned: Tuning) -> list[Picture]:
    points = [point for point in tuned.advice.points if point.pages]
    if len({point.setting.total for point in points}) < 2:
        return []
    fit = tuned.advice.fit
    most = max(point.setting.total for point in points)
    rates = {point: point.pages_per_s for point in points}
    times = {point: point.p95_ns / 1e9 for point in points}
    top = round_up(max(rates.values()))
    path = ""
    if fit:
        steps = [most ** (step / _STEPS) for step in range(_STEPS + 1)]
        drawn = [(n, fit.rate(n)) for n in steps if fit.rate(n) <= top]
        path = "M" + " L".join(f"{_x(n, most):.1f},{_y(rate, top):.1f}" for n, rate in drawn) if drawn else ""
    knee = fit.knee if fit and fit.knee and fit.knee <= most else None
    interval = None
    if fit and fit.knee_low is not None and fit.knee_low <= most:
        interval = _x(fit.knee_low, most), _x(min(most, fit.knee_high or most), most)
    return [
        _picture(
            "Pages per second",
            tuned,
            rates,
            "pages/s",
            path,
            None if knee is None else _x(knee, most),
            interval,
        ),
        _picture("95th percentile of a page's time", tuned, times, "s", "", None, None),
    ]


def _picture(
    title: str,
    tuned: Tuning,
    values: dict[Point, float],
    unit: str,
    path: str,
    knee: float | None,
    interval: tuple[float, float] | None,
) -> Picture:
    most, top = max(point.setting.total for point in values), round_up(max(values.values()))
    chosen = tuned.advice.chosen
    marks = tuple(
        Mark(
            _x(point.setting.total, most),
            _y(value, top),
            words.letter(point.setting),
            f"{words.boxes(point.setting)}: {value:.3g} {unit}",
            chosen is not None and point.setting == chosen.setting,
        )
        for point, value in values.items()
    )
    totals: list[int] = []
    for total in sorted({point.setting.total for point in values}):
        if not totals or _x(total, most) - _x(totals[-1], most) > 24:
            totals.append(total)
    xs = tuple(Tick(_x(total, most), str(total)) for total in totals)
    ys = tuple(Tick(_y(top * part / 4, top), f"{top * part / 4:.3g}") for part in range(5))
    return Picture(title, marks, xs, ys, path, knee, interval)


def _x(total: float, most: float) -> float:
    """By doublings, as the tabs grew."""
    return LEFT + 16 + (WIDTH - LEFT - 32) * log2(max(1.0, total)) / log2(max(2.0, most))


def _y(value: float, top: float) -> float:
    return (HEIGHT - BOTTOM) * (1 - value / top) + 6 * value / top
