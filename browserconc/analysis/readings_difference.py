"""Two surveys of one kind side by side: of servers, or of a browser's limits.

Each number was settled by the survey itself, between a low and a high bound, so there is nothing to
test: it changed where the bounds do not overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from browserconc.analysis import environments
from browserconc.model.difference import Change, Difference, Reading, Readings, Standing


def compare(a: Readings, b: Readings, names: tuple[str, str] = ("A", "B")) -> Difference:
    """B against A: better and worse are B's."""
    of_a, of_b = ({(row.name, row.measure): row for row in readings.rows} for readings in (a, b))
    common = [key for key in of_a if key in of_b]
    different = list(environments.differences(a.environment, b.environment))
    for who, mine, theirs in (("A", of_a, of_b), ("B", of_b, of_a)):
        if only := dict.fromkeys(name for name, measure in mine if (name, measure) not in theirs):
            different.append(f"only in {who}: {', '.join(only)}")
    refusals = () if common else ("They have nothing in common that was measured.",)
    return Difference(
        *names, refusals, tuple(different), tuple(_change(of_a[key], of_b[key]) for key in common)
    )


def _change(a: Reading, b: Reading) -> Change:
    standing, note = _judged(a, b)
    x, y = (None if isinstance(row.value, str | bool) else row.value for row in (a, b))
    ratio = y / x if x and y is not None else None
    return Change(a.name, a.measure, a.value, b.value, standing, ratio=ratio, note=note)


def _judged(a: Reading, b: Reading) -> tuple[Standing, str | None]:
    unmeasured = list(_unmeasured(a, b))
    if unmeasured:
        return ("same" if len(unmeasured) == 2 and a.error == b.error else "undecided"), unmeasured[0]
    low_a, high_a, low_b, high_b = (inf if x is None else x for x in (a.low, a.high, b.low, b.high))
    if low_b <= high_a and low_a <= high_b:
        return "same", None
    if a.more_is_better is None:
        return "undecided", "it changed; whether for the better depends on what you need"
    return ("better" if (low_b > high_a) == a.more_is_better else "worse"), None


def _unmeasured(a: Reading, b: Reading) -> Iterator[str]:
    for who, row in (("A", a), ("B", b)):
        if row.error:
            yield f"not measured in {who}: {row.error}"
