"""Levels of overlap: what was sustained, and what only looked like it."""

from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis.concurrency import concurrency, held_at_least, levels

MS = 1_000_000
intervals = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(1, 500)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=20,
)


def test_a_serial_run_peaks_at_two_and_sustains_one():
    run = [(i * 500 * MS, (i * 500 + 501) * MS) for i in range(10)]
    level = concurrency(run, 5001 * MS)
    assert (level.sustained, level.peak) == (1, 2)


def test_six_then_four_sustains_six():
    run = [(0, 500 * MS)] * 6 + [(502 * MS, 1002 * MS)] * 4
    assert concurrency(run, 1002 * MS).sustained == 6


def test_a_level_held_for_less_than_half_a_service_is_not_sustained():
    run = [(0, 500 * MS), (251 * MS, 751 * MS)]
    assert concurrency(run, 751 * MS).sustained == 1
    run = [(0, 500 * MS), (249 * MS, 749 * MS)]
    assert concurrency(run, 749 * MS).sustained == 2


def test_nothing_is_no_level():
    assert concurrency([], 0).sustained == 0


@given(intervals)
def test_levels_weigh_as_much_as_the_intervals(run):
    assert sum((end - start) * height for start, end, height in levels(run)) == sum(e - s for s, e in run)


@given(intervals)
def test_sustained_never_exceeds_the_peak(run):
    level = concurrency(run, 1)
    assert level.sustained <= level.peak <= len(run)
    assert held_at_least(run, level.peak + 1) == 0


@given(intervals, st.integers(-1000, 1000))
def test_levels_do_not_depend_on_when_it_was(run, shift):
    moved = [(start + shift, end + shift) for start, end in run]
    assert concurrency(run, 1000).sustained == concurrency(moved, 1000).sustained
