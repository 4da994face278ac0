"""Benjamini and Hochberg's correction, by their own example and by what it must hold for any p-values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis.false_discovery import adjusted

# fmt: off
THEIRS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    0.7590, 1.0000,
]
"""The fifteen of section 3.2: four are found at 0.05, where Bonferroni's correction finds three."""
# fmt: on
P_VALUES = st.lists(st.floats(1e-6, 1), min_size=1, max_size=40)


def test_their_example():
    assert sum(p <= 0.05 for p in adjusted(THEIRS)) == 4
    assert adjusted(THEIRS)[:3] == pytest.approx([0.0015, 0.0030, 0.0095])


def test_nothing_and_one_are_left_alone():
    assert adjusted([]) == []
    assert adjusted([0.03]) == [0.03]


def test_where_all_changed_none_has_to_pay():
    assert adjusted([0.008] * 30) == pytest.approx([0.008] * 30)


@given(P_VALUES)
def test_no_p_value_becomes_smaller_nor_larger_than_bonferroni_makes_it(p_values: list[float]):
    for p, corrected in zip(p_values, adjusted(p_values), strict=True):
        assert p <= corrected * (1 + 1e-12)
        assert corrected <= min(1.0, p * len(p_values)) * (1 + 1e-12)


@given(P_VALUES)
def test_their_order_is_kept_and_does_not_matter(p_values: list[float]):
    corrected = adjusted(p_values)
    assert [c for _, c in sorted(zip(p_values, corrected, strict=True))] == sorted(corrected)
    assert adjusted(p_values[::-1]) == corrected[::-1]
