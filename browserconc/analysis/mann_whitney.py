"""The Mann-Whitney test: do two small groups of runs differ by more than chance?

It asks nothing of how the values are distributed, which run times do not tell. Up to `EXACT` values the
p-value is exact, ties included, by counting every way to deal the ranks; above, it is the normal
approximation. Source: Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", chapter 4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import comb, sqrt
from statistics import NormalDist

EXACT = 30
"""Values of both groups together up to which every way of dealing the ranks is counted, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The two-sided p-value, and the rank-biserial correlation (1: every b is above every a)."""

    p_value: float
    effect: float


def test(a: Sequence[float], b: Sequence[float]) -> Tested:
    """Compares two groups, neither of them empty."""
    ranks = _doubled_ranks([*a, *b])
    observed = sum(ranks[len(a) :])
    # W = U + m(m+1)/2 with the ranks doubled; U is the number of pairs in which b is above a.
    pairs = len(a) * len(b)
    above = (observed - len(b) * (len(b) + 1)) / 2
    effect = 2 * above / pairs - 1
    if len(ranks) <= EXACT:
        return Tested(_exact(ranks, len(b), observed), effect)
    return Tested(_approximate(ranks, len(a), len(b), above), effect)


def least_p_value(a: int, b: int) -> float:
    """The smallest p-value that groups of these sizes can give: with 3 and 3 runs it is 0.1."""
    return min(1.0, 2 / comb(a + b, a))


def shift_interval(a: Sequence[float], b: Sequence[float], alpha: float) -> tuple[float, float] | None:
    """Between which values the shift from a to b lies, with a confidence of 1 - alpha.

    The shifts that the test would not reject; None where the groups are too small to reject any.
    """
    differences = sorted(y - x for x in a for y in b)
    reach = _critical(len(a), len(b), alpha)
    return None if reach is None else (differences[reach], differences[-1 - reach])


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the mid-rank of each value, which is whole also for values that are equal."""
    last = dict(zip(sorted(values), range(1, len(values) + 1), strict=True))  # of equal values the last
    times = Counter(values)
    return [2 * last[value] - times[value] + 1 for value in values]


def _dealings(ranks: Sequence[int], size: int) -> Counter[int]:
    """How many choices of `size` ranks have which sum."""
    sums: list[Counter[int]] = [Counter({0: 1})] + [Counter() for _ in range(size)]
    for number, rank in enumerate(ranks, 1):
        for chosen in range(min(number, size), 0, -1):
            fuller = sums[chosen]
            for total, ways in sums[chosen - 1].items():
                fuller[total + rank] += ways
    return sums[size]


def _exact(ranks: Sequence[int], size: int, observed: int) -> float:
    dealings = _dealings(ranks, size)
    # The expected sum is size * mean rank; times the number of ranks it is whole.
    expected = size * sum(ranks)
    off = abs(observed * len(ranks) - expected)
    extreme = sum(ways for total, ways in dealings.items() if abs(total * len(ranks) - expected) >= off)
    return extreme / dealings.total()


def _approximate(ranks: Sequence[int], a: int, b: int, above: float) -> float:
    number = a + b
    tied = sum(times**3 - times for times in Counter(ranks).values())
    variance = a * b / 12 * (number + 1 - tied / (number * (number - 1)))
    if not variance:
        return 1.0
    distance = max(0.0, abs(above - a * b / 2) - 0.5)  # continuity
    return 2 * (1 - NormalDist().cdf(distance / sqrt(variance)))


def _critical(a: int, b: int, alpha: float) -> int | None:
    """The largest U that is still rejected on its side; None where none is."""
    if a + b > EXACT:
        deviation = sqrt(a * b * (a + b + 1) / 12)
        reach = int(a * b / 2 - 0.5 + NormalDist().inv_cdf(alpha / 2) * deviation)
        return reach if reach >= 0 else None
    dealings = _dealings(range(1, a + b + 1), b)
    least = b * (b + 1) // 2
    ways = accumulate(dealings[least + above] for above in range(a * b + 1))
    rejected = [above for above, sum_ in enumerate(ways) if sum_ / dealings.total() <= alpha / 2]
    return rejected[-1] if rejected else None
