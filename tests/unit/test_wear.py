"""Wear is said where it is surely there, and not where pages only differ."""

from __future__ import annotations

import random

from browserconc.analysis.wear import wear
from browserconc.model.crawl import Pressure
from browserconc.model.tuning import Window

MB = 1_000_000


def windows(count: int, slope_ns: int, grown: int, seed: int = 1) -> list[Window]:
    """Windows of twenty pages each: pages get slower by `slope_ns` each, the pool grows by `grown`."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        ages = tuple(range(3 + number * 20, 23 + number * 20))
        times = tuple(round(5e8 + slope_ns * age + chance.gauss(0, 2e7)) for age in ages)
        memory = 400 * MB if number == 0 else None
        pool = 600 * MB + number * grown
        found.append(
            Window(10, (10,), times, ages, 0, 0, 10**9, 10**9, 1.0, 0.0, 1, memory, pool, Pressure())
        )
    return found


def test_pages_that_only_differ_show_no_wear():
    for seed in range(20):
        found = wear(windows(6, 0, 0, seed), windows(6, 0, 0, seed))
        assert found is not None
        assert found.recycle_after is None


def test_pages_that_get_slower_say_when_to_recycle():
    found = wear(windows(6, 1_000_000, 0), [])
    assert found is not None
    assert found.slower_per_100 is not None
    assert 0.1 < found.slower_per_100 < 0.25
    assert found.recycle_after is not None
    assert 40 < found.recycle_after < 80


def test_memory_that_grows_says_when_it_has_doubled():
    turns = windows(6, 0, 4 * MB)
    found = wear(turns, turns)
    assert found is not None
    assert found.bytes_per_page == 200_000
    assert found.recycle_after == 2_000


def test_few_pages_say_nothing():
    assert wear(windows(1, 0, 0), []) is None
