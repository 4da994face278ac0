"""Signs that the memory ends, from the files that the kernel writes."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from browserconc.lab import memory_pressure
from browserconc.lab.memory_pressure import Gauge


def test_the_headroom_is_part_of_what_is_free():
    headroom = Gauge.now().read().headroom_bytes
    assert headroom is not None
    assert 0 <= headroom < psutil.virtual_memory().total


def test_processes_that_wait_for_memory_are_a_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stalls = tmp_path / "memory"
    monkeypatch.setattr(memory_pressure, "STALLS", stalls)
    stalls.write_text("some avg10=31.50 avg60=4.00 avg300=1.00 total=9\nfull avg10=0.00 total=0\n")
    assert Gauge.now().read().said == "processes wait for memory"
    stalls.write_text("some avg10=0.50 avg60=4.00 avg300=1.00 total=9\n")
    assert Gauge.now().read().said is None


def test_swapping_since_the_beginning_is_a_sign():
    now = Gauge.now()
    assert Gauge(now.swapped_before - 100_000_000).read().said == "the machine has begun to swap"


@pytest.mark.parametrize("text", ["", "some\n", "some avg10=x total=1\n"])
def test_an_unreadable_file_is_no_sign(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stalls = tmp_path / "memory"
    stalls.write_text(text)
    monkeypatch.setattr(memory_pressure, "STALLS", stalls)
    assert Gauge.now().read().said is None
