"""Two surveys of one kind side by side: of servers, of a browser's limits, or of settings of a crawler.

Each number was settled by the survey itself, between a low and a high bound, so there is nothing to
test: it changed where the bounds do not overlap. Rates must also differ by more than the threshold,
because what another hour does to a machine is in no run's bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from browserconc.analysis import environments
from browserconc.model.difference import (
    OTHER_MACHINE,
    Change,
    Criterion,
    Difference,
    Reading,
    Readings,
    Standing,
)

_Key = tuple[str, str]
_NAMED = 6
"""What only one side has is counted beyond so many."""
_CHANGED = "it changed; whether for the better depends on what you need"
_RATE_MARGIN = 0.2
"""Unless a threshold is given: the same setting was seen to differ by 17 % within minutes."""
_UNSURE = "how sure the rates are is not in the files"
_OPEN = "their errors leave open whether it is more than the threshold; a larger --budget makes them smaller"


def compare(
    a: Readings, b: Readings, criterion: Criterion, names: tuple[str, str] = ("A", "B")
) -> Difference:
    """B against A: better and worse are B's."""
    of_a, of_b = _by_name(a, b)
    common = [key for key in of_a if key in of_b]
    different = list(environments.differences(a.environment, b.environment))
    for who, mine, theirs in (("A", of_a, of_b), ("B", of_b, of_a)):
        if only := list(dict.fromkeys(name for name, measure in mine if (name, measure) not in theirs)):
            different.append(f"only in {who}: {_listed(only)}")
    refusals = []
    if a.target != b.target:
        refusals.append(f"A loaded {a.target} and B {b.target}: another page is another load.")
    elif not common:
        refusals.append("They have nothing in common that was measured.")
    alike = criterion.across_machines or environments.one_machine(a.environment, b.environment)
    changes = [_change(of_a[key], of_b[key], criterion, alike) for key in (() if refusals else common)]
    return Difference(*names, tuple(refusals), tuple(different), tuple(changes))


def _by_name(a: Readings, b: Readings) -> tuple[dict[_Key, Reading], dict[_Key, Reading]]:
    """The rows of both; of a curve's points those alone that one side chose and the other did not."""
    chosen = {row.value for readings in (a, b) for row in readings.rows if row.measure == "setting"}
    of_a, of_b = (
        {
            (row.name, row.measure): row
            for row in readings.rows
            if row.measure != "point" or (len(chosen) > 1 and row.name in chosen)
        }
        for readings in (a, b)
    )
    return of_a, of_b


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _change(a: Reading, b: Reading, criterion: Criterion, alike: bool) -> Change:
    standing, note = _judged(a, b, criterion)
    if a.timed and not alike:
        standing, note = "undecided", OTHER_MACHINE
    x, y = (None if isinstance(row.value, str | bool) else row.value for row in (a, b))
    ratio = y / x if x and y is not None else None
    return Change(a.name, a.measure, a.value, b.value, standing, ratio=ratio, note=note)


def _judged(a: Reading, b: Reading, criterion: Criterion) -> tuple[Standing, str | None]:
    unmeasured = list(_unmeasured(a, b))
    if unmeasured:
        return ("same" if len(unmeasured) == 2 and a.error == b.error else "undecided"), unmeasured[0]
    if isinstance(a.value, str) and isinstance(b.value, str) and a.value != b.value:
        return "undecided", _CHANGED
    if a.timed:
        return _judged_rate(a, b, criterion)
    low_a, high_a, low_b, high_b = (inf if x is None else x for x in (a.low, a.high, b.low, b.high))
    if low_b <= high_a and low_a <= high_b:
        return "same", None
    if a.more_is_better is None:
        return "undecided", _CHANGED
    return ("better" if (low_b > high_a) == a.more_is_better else "worse"), None


def _judged_rate(a: Reading, b: Reading, criterion: Criterion) -> tuple[Standing, str | None]:
    """As for makespans: a change needs more than chance and the margin, sameness bounds within it."""
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return "undecided", _UNSURE
    low, high = b.low - a.high, b.high - a.low
    margin = criterion.margins.get(a.measure, _RATE_MARGIN) * _number(a)
    if (low > 0 or high < 0) and abs(_number(b) - _number(a)) > margin:
        return ("better" if (low > 0) == a.more_is_better else "worse"), None
    if low > 0 or high < 0 or -margin <= low <= high <= margin:
        return "same", None
    return "undecided", _OPEN


def _number(reading: Reading) -> float:
    return reading.value if isinstance(reading.value, int | float) else 0.0


def _unmeasured(a: Reading, b: Reading) -> Iterator[str]:
    for who, row in (("A", a), ("B", b)):
        if row.error:
            yield f"not measured in {who}: {row.error}"
