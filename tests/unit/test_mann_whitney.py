"""The exact test against every dealing counted by hand, and against published values."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis import mann_whitney

GROUP = st.lists(st.integers(0, 5), min_size=1, max_size=5)


def above(a, b):
    """Pairs in which b is above a; an equal pair is half of one."""
    return sum((y > x) + (y == x) / 2 for x in a for y in b)


@given(GROUP, GROUP)
def test_p_value_is_the_share_of_dealings_at_least_as_extreme(a, b):
    everything, middle = a + b, len(a) * len(b) / 2
    dealt = []
    for chosen in combinations(range(len(everything)), len(b)):
        rest = [x for i, x in enumerate(everything) if i not in chosen]
        dealt.append(abs(above(rest, [everything[i] for i in chosen]) - middle))
    expected = sum(off >= abs(above(a, b) - middle) for off in dealt) / len(dealt)
    assert mann_whitney.test(a, b).p_value == pytest.approx(expected)


@given(GROUP, GROUP)
def test_effect_is_the_share_of_pairs_above_minus_those_below(a, b):
    assert mann_whitney.test(a, b).effect == pytest.approx(2 * above(a, b) / (len(a) * len(b)) - 1)


@given(GROUP, GROUP)
def test_the_sides_can_be_swapped(a, b):
    one, other = mann_whitney.test(a, b), mann_whitney.test(b, a)
    assert one.p_value == pytest.approx(other.p_value)
    assert one.effect == pytest.approx(-other.effect)


@pytest.mark.parametrize(("size", "least"), [(1, 1.0), (3, 0.1), (4, 2 / 70), (5, 2 / 252)])
def test_the_smallest_p_value_is_that_of_groups_that_do_not_overlap(size, least):
    assert mann_whitney.least_p_value(size, size) == pytest.approx(least)
    assert mann_whitney.test(range(size), range(10, 10 + size)).p_value == pytest.approx(least)


def test_large_groups_are_approximated():
    # scipy.stats.mannwhitneyu(range(5, 45), range(40), method="asymptotic").pvalue
    assert mann_whitney.test(range(40), range(5, 45)).p_value == pytest.approx(0.0718957734)
    assert mann_whitney.test([1] * 40, [1] * 40).p_value == 1


def test_the_interval_holds_the_shift_and_needs_four_runs():
    assert mann_whitney.shift_interval([1, 2, 3], [11, 12, 13], 0.05) is None
    assert mann_whitney.shift_interval([1, 2, 3, 4], [11, 12, 13, 14], 0.05) == (7, 13)
    low, high = mann_whitney.shift_interval(range(20), range(10, 30), 0.05)
    assert 5 < low < 10 < high < 15
