"""Which settings may be the best one, how sure that is, and which is chosen.

A single window of a setting may be lucky, and the best of several is most likely one that was. So each
setting's merit is drawn towards that of all good ones, by as much as its windows leave unsure (James and
Stein's estimator, with a spread that is known beforehand).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from browserconc.analysis.tune_points import Seen, allowed, merit, plain, points
from browserconc.model.tuning import Ceiling, Point

CLOSE = 0.8
"""A setting within a fifth of the best may be the best: windows differ by as much on a busy machine."""
NOISE = 0.08
"""By how much of itself the rate of a second at one setting differs; of n seconds by a root of n less."""
SPREAD = 0.05
"""By how much good settings differ among themselves: measured on two cores, 8 to 32 tabs."""
BARELY_SLOWER = 0.99
"""One per cent of throughput is given away for less memory: less than can be told."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A setting that may be the best; `worth` is its merit as far as it is to be believed, as is `error`."""

    point: Point
    worth: float
    error: float

    @property
    def high(self) -> float:
        """What it may be worth."""
        return self.worth + self.error


def rivals(seen: Sequence[Seen], ceiling: Ceiling) -> list[Rival]:
    """All that come close to the best, among those that keep to every constraint."""
    good = allowed(points(seen, ceiling).values(), ceiling)
    most = max((merit(point, ceiling) for point in good), default=0.0)
    close = [point for point in good if merit(point, ceiling) >= CLOSE * most]
    if not close:
        return []
    middle = fmean(merit(point, ceiling) for point in close)
    return [_rival(point, seen, ceiling, middle) for point in close]


def _rival(point: Point, seen: Sequence[Seen], ceiling: Ceiling, middle: float) -> Rival:
    seconds = sum(window.window_ns for window in plain(seen, point.setting)) / 1e9
    noise = NOISE**2 / max(seconds, 1e-9)
    trust = SPREAD**2 / (SPREAD**2 + noise)
    worth = middle + trust * (merit(point, ceiling) - middle)
    return Rival(point, worth, worth * sqrt(trust * noise))


def choose(seen: Sequence[Seen], ceiling: Ceiling) -> Point | None:
    """The one that is worth most, or the cheapest of those that are as good; None if none is allowed."""
    able = rivals(seen, ceiling)
    least = BARELY_SLOWER * max((rival.worth for rival in able), default=0.0)
    good = [rival.point for rival in able if rival.worth >= least]
    return min(good, key=lambda point: (point.memory_bytes or 0, point.setting.total), default=None)
