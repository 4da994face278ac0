"""The Universal Scalability Law is found again in points that keep to it, and nothing is made up beyond."""

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis.usl import Measured, fit
from browserconc.model.tuning import Fit

DOUBLINGS = (1, 2, 4, 8, 16, 32)


def law(first: float, sigma: float, kappa: float) -> Fit:
    return Fit(first, sigma, kappa, None, None, None)


@given(
    first=st.floats(0.1, 100), sigma=st.floats(0, 0.5), kappa=st.floats(0.0005, 0.05), more=st.integers(0, 3)
)
def test_a_law_is_found_again(first, sigma, kappa, more):
    true = law(first, sigma, kappa)
    found = fit([Measured(n, true.rate(n), 0.0) for n in DOUBLINGS[: 3 + more]])
    assert found is not None
    assert found.first == pytest.approx(first, rel=1e-4)
    assert found.sigma == pytest.approx(sigma, abs=1e-4)
    assert found.kappa == pytest.approx(kappa, rel=1e-3, abs=1e-6)
    assert found.knee == pytest.approx(max(1.0, sqrt((1 - sigma) / kappa)), rel=1e-2)


@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.just(0.0) | st.floats(0.001, 1e4), st.floats(0, 1e3)), max_size=8
    )
)
def test_any_points_give_a_lawful_curve_or_none(points):
    found = fit([Measured(*point) for point in points])
    if len({n for n, rate, _ in points if rate > 0}) < 3:
        assert found is None
    if found:
        assert found.sigma >= 0
        assert found.kappa >= 0
        assert found.first > 0
        assert found.knee is None or found.knee >= 1
        if found.knee_low is not None and found.knee_high is not None:
            assert 1 <= found.knee_low <= found.knee_high


def test_points_that_grow_in_proportion_have_no_knee():
    found = fit([Measured(n, 5.0 * n, 0.1 * n) for n in DOUBLINGS])
    assert found is not None
    assert found.knee_high is None
    assert found.knee is None or found.knee > 100


def test_the_interval_holds_the_knee_nineteen_times_of_twenty():
    chance = random.Random(5)
    true = law(4, 0.05, 0.004)
    knee = sqrt(0.95 / 0.004)
    held = 0
    for _ in range(400):
        points = [Measured(n, true.rate(n) * chance.gauss(1, 0.04), 0.04 * true.rate(n)) for n in DOUBLINGS]
        found = fit(points)
        assert found is not None
        low = 0.0 if found.knee_low is None else found.knee_low
        high = float("inf") if found.knee_high is None else found.knee_high
        held += low <= knee <= high
    assert 370 <= held <= 400
