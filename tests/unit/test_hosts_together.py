"""Windows of several hosts, each under its own clock, become one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis.hosts_together import differing, points, together
from browserconc.model.crawl import HostSample, Load, Pressure, Sample
from browserconc.model.tuning import HostPoint

MB = 1_000_000
SECOND = 10**9


def sample(pages: int, *, start: int = 0, cpu: float = 0.5, headroom: int = 4000 * MB) -> Sample:
    """One second in which one tab loaded so many pages, one after the other."""
    edges = [start + SECOND * n // pages for n in range(pages + 1)]
    loads = tuple(Load(0, n, edges[n], edges[n + 1]) for n in range(pages))
    return Sample(
        loads,
        start,
        start + SECOND,
        cpu_share=cpu,
        cpus=2,
        cpu_ns=round(cpu * SECOND),
        memory_bytes=100 * MB * pages,
        pool_bytes=100 * MB * pages,
        pressure=Pressure(headroom),
    )


def at(one: Sample, offset: int) -> Sample:
    """The same under a clock that is so far ahead."""
    loads = tuple(
        replace(load, start_ns=load.start_ns + offset, end_ns=load.end_ns + offset) for load in one.loads
    )
    return replace(one, loads=loads, start_ns=one.start_ns + offset, end_ns=one.end_ns + offset)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(-(10**12), 10**12), st.integers(0, SECOND // 2))
def test_the_total_is_that_of_all_hosts_in_the_time_they_shared(first, second, offset, late):
    hosts = [
        HostSample("a", "1", sample(first)),
        HostSample("b", "2", at(sample(second, start=late), offset), offset),
    ]
    window = together(hosts, 0)
    assert window.window_ns == SECOND - late
    assert window.pages_per_s == pytest.approx(sum(part.pages_per_s for part in window.hosts))
    assert [part.pages_per_s for part in window.hosts] == pytest.approx([first, second])


def test_the_tightest_host_counts():
    hosts = [
        HostSample("a", "1", sample(4, cpu=0.4, headroom=4000 * MB)),
        HostSample("b", "2", sample(2, cpu=0.9, headroom=300 * MB)),
    ]
    window = together(hosts, 0)
    assert window.cpu_share == 0.9
    assert window.memory_bytes == 400 * MB
    assert window.pressure.headroom_bytes == 300 * MB
    assert window.pool_bytes == 200 * MB


def test_hosts_of_one_machine_share_what_is_left_and_are_no_strangers_to_each_other():
    mates = [HostSample(name, "1", sample(4, cpu=0.5), beside_ns=SECOND // 5) for name in ("a", "b")]
    window = together(mates, 0)
    assert window.pressure.headroom_bytes == 2000 * MB
    assert window.others_share == 0  # half a second of each, and a fifth of ours, of two processors' second
    strangers = [replace(mates[0], beside_ns=0), replace(mates[1], machine="2", beside_ns=0)]
    assert together(strangers, 0).others_share == pytest.approx(0.25)


def test_a_host_that_could_open_nothing_stops_the_growth():
    pressed = replace(sample(1), loads=(), end_ns=0, pressure=Pressure(0, "the memory is nearly used up"))
    window = together([HostSample("a", "1", sample(4)), HostSample("b", "2", pressed)], 0)
    assert window.pages_per_s == 0
    assert window.durations_ns == ()
    assert window.pressure.said == "the memory is nearly used up on b"


def test_failed_pages_of_every_host_count():
    failing = sample(4)
    failing = replace(failing, loads=tuple(replace(load, error="status 503") for load in failing.loads))
    window = together([HostSample("a", "1", sample(4)), HostSample("b", "2", failing)], 0)
    assert window.errors == 4
    assert [part.errors for part in window.hosts] == [0, 4]
    assert window.said == ("Pages failed: status 503.",)


def test_what_each_host_did_is_the_mean_of_its_windows():
    windows = [
        together([HostSample("a", "1", sample(n)), HostSample("b", "2", sample(2))], 0) for n in (4, 8)
    ]
    found = points(windows)
    assert [(one.host, one.pages_per_s) for one in found] == [
        ("a", pytest.approx(6)),
        ("b", pytest.approx(2)),
    ]


@pytest.mark.parametrize(
    ("rates", "error", "said"),
    [
        ((6.0, 6.2), 0.1, []),
        ((6.0, 3.0), 0.1, ["b"]),
        ((6.0, 3.0), 2.0, []),
        ((6.0, 5.9, 3.0), 0.1, ["c"]),
        ((6.0,), 0.1, []),
    ],
)
def test_a_host_that_differs_is_named(rates, error, said):
    hosts = [HostPoint(name, rate, error, 1, None, 0.5, 0) for name, rate in zip("abc", rates, strict=False)]
    assert [sentence[0] for sentence in differing(hosts)] == said
