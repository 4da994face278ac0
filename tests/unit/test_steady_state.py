"""A window's rate does not depend on where its edges fall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis.steady_state import window
from browserconc.model.crawl import Load, Pressure, Sample

SECOND = 1_000_000_000


def sample(loads: list[Load], start: int, end: int, **more) -> Sample:
    given = {"cpu_share": 0.5, "cpus": 2, "cpu_ns": 0, "memory_bytes": None, "pool_bytes": None}
    inside = tuple(load for load in loads if load.end_ns >= start and load.start_ns < end)
    return Sample(inside, start, end, **{**given, **more}, pressure=Pressure())


def tabs(count: int, page_ns: int, pages: int, shift_ns: int = 0) -> list[Load]:
    """Tabs that load pages of equal length without a pause, all in step or each a little later."""
    return [
        Load(tab, page + 1, tab * shift_ns + page * page_ns, tab * shift_ns + (page + 1) * page_ns)
        for tab in range(count)
        for page in range(pages)
    ]


@given(
    count=st.integers(1, 20),
    page_ns=st.integers(SECOND // 10, 2 * SECOND),
    start=st.integers(2 * SECOND, 4 * SECOND),
    length=st.integers(SECOND // 2, 3 * SECOND),
    shift=st.integers(0, SECOND // 20),
)
def test_steady_tabs_give_their_rate_wherever_the_edges_fall(count, page_ns, start, length, shift):
    loads = tabs(count, page_ns, 12 * SECOND // page_ns, shift)
    seen = window(sample(loads, start, start + length), 0)
    assert seen.pages_per_s == pytest.approx(count * SECOND / page_ns, rel=1e-6)
    assert all(rate == pytest.approx(seen.pages_per_s, rel=1e-6) for rate in seen.rates)


def test_failures_are_counted_and_named_and_are_no_pages():
    loads = [
        *tabs(1, SECOND, 4),
        Load(1, 1, 0, SECOND, "status 500"),
        Load(2, 1, 0, SECOND, "gone", crash=True),
    ]
    seen = window(sample(loads, 0, 4 * SECOND), 0)
    assert seen.pages_per_s == pytest.approx(1.0)
    assert (seen.errors, seen.crashes) == (2, 1)
    assert "Pages failed: status 500." in seen.said


def test_the_processors_that_others_used_are_what_we_did_not():
    seen = window(sample(tabs(1, SECOND, 4), 0, 2 * SECOND, cpu_share=0.9, cpu_ns=1_600_000_000), 0)
    assert seen.others_share == pytest.approx(0.5)


def test_the_share_of_others_is_not_known_beside_browsers_that_are_not_counted():
    for unknown in ({"cpu_ns": None}, {"cpu_share": None, "cpu_ns": None}):
        seen = window(sample(tabs(1, SECOND, 4), 0, 2 * SECOND, **unknown), 0)
        assert (seen.others_share, seen.cpu_ns) == (None, None)
        assert seen.pages_per_s > 0


def test_pages_longer_than_the_window_still_have_a_time():
    seen = window(sample(tabs(2, 5 * SECOND, 2), SECOND, 2 * SECOND), 0)
    assert seen.durations_ns == (5 * SECOND, 5 * SECOND)
