"""Whether what was measured in numbers differs between the runs of A and those of B, by more than chance.

All comparisons are judged together, because the more there are the more of them chance makes look changed
(`false_discovery.py`). One that cannot become a change, however chance deals its values to the two sides,
is not counted: its values all lie within the threshold, or are too few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import inf
from statistics import median

from browserconc.analysis import false_discovery, mann_whitney
from browserconc.analysis.mann_whitney import Tested
from browserconc.model.difference import OTHER_MACHINE, Change, Criterion, Standing, Unit

_FLOOR: Mapping[Unit, float] = {"ns": 10e6, "bytes": 2e6, "requests": 0}
"""A smaller difference than this is the machine's, whatever its share: a scheduler's tick or two, a page."""

_UNLIKE: tuple[Standing, str | None] = ("undecided", OTHER_MACHINE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure of one trial: its value in each run of A and of B, none of them empty."""

    trial: str
    measure: str
    unit: Unit
    a: Sequence[float]
    b: Sequence[float]

    def margin(self, criterion: Criterion) -> float:
        """Up to which the difference of the medians is none."""
        return max(criterion.margin(self.measure) * median(self.a), _FLOOR[self.unit])

    def may_change(self, criterion: Criterion) -> bool:
        """Could its medians lie apart by more than the margin, if chance had dealt the runs otherwise?"""
        values = [*self.a, *self.b]
        least = max(criterion.margin(self.measure) * min(values), _FLOOR[self.unit])
        return max(values) - min(values) > least

    def enough_runs(self, alpha: float) -> bool:
        """Can so many runs tell anything from chance?"""
        return mann_whitney.least_p_value(len(self.a), len(self.b)) <= alpha


def changes(comparisons: Sequence[Comparison], criterion: Criterion, *, alike: bool) -> list[Change]:
    """The verdict on each, in their order; `alike` says that times of the two machines can be compared."""
    tested = [mann_whitney.test(one.a, one.b) for one in comparisons]
    may_change = [place for place, one in enumerate(comparisons) if one.may_change(criterion)]
    counted = [place for place in may_change if comparisons[place].enough_runs(criterion.alpha)]
    p_values = false_discovery.adjusted([tested[place].p_value for place in counted])
    corrected = dict(zip(counted, p_values, strict=True))
    found = []
    for place, one in enumerate(comparisons):
        p_value = corrected.get(place)
        if not alike:
            standing, note = _UNLIKE
        elif not one.enough_runs(criterion.alpha):
            standing, note = "undecided", _too_few(one, len(may_change), criterion.alpha)
        else:
            standing, note = _judged(one, tested[place], p_value, len(counted), criterion)
        found.append(_change(one, tested[place], p_value, standing, note))
    return found


def _change(
    one: Comparison, tested: Tested, corrected: float | None, standing: Standing, note: str | None
) -> Change:
    middle_a, middle_b = median(one.a), median(one.b)
    several = min(len(one.a), len(one.b)) > 1
    return Change(
        trial=one.trial,
        measure=one.measure,
        a=middle_a,
        b=middle_b,
        verdict=standing,
        unit=one.unit,
        ratio=middle_b / middle_a if middle_a else None,
        p_value=tested.p_value if several else None,
        corrected_p_value=corrected,
        effect=tested.effect if several else None,
        runs=(len(one.a), len(one.b)),
        note=note,
    )


def _judged(
    one: Comparison, tested: Tested, corrected: float | None, number: int, criterion: Criterion
) -> tuple[Standing, str | None]:
    """A difference needs more than chance and more than the margin; sameness an interval within it."""
    low, high = mann_whitney.shift_interval(one.a, one.b, criterion.alpha) or (-inf, inf)
    shift = median(one.b) - median(one.a)
    margin = one.margin(criterion)
    if tested.p_value <= criterion.alpha and abs(shift) > margin:
        if corrected is not None and corrected <= criterion.alpha:
            return ("worse" if shift > 0 else "better"), None
        return "undecided", _one_of_many(one, number, criterion.alpha)
    if tested.p_value <= criterion.alpha or -margin <= low <= high <= margin:
        return "same", None
    return "undecided", "the runs vary by more than the threshold"


def _too_few(one: Comparison, number: int, alpha: float) -> str:
    a, b = len(one.a), len(one.b)
    seen = f"{a} run{'s' * (a > 1)}" if a == b else f"{a} and {b} runs"
    return f"{seen} cannot tell it from chance; --repeat {_enough(number, alpha)} can"


def _one_of_many(one: Comparison, number: int, alpha: float) -> str:
    enough = _enough(number, alpha)
    by_chance = f"among {number} comparisons it may be chance"
    return f"{by_chance}; --repeat {enough} can tell" if enough > min(len(one.a), len(one.b)) else by_chance


def _enough(number: int, alpha: float) -> int:
    """Runs on each side with which a change shows even where it is the only one of that many comparisons."""
    needed = alpha / max(number, 1)
    return next(runs for runs in count(1) if mann_whitney.least_p_value(runs, runs) <= needed)
