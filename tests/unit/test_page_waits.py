"""What a page waited for by itself: looks at its tab explain the stretches in which it asked for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from browserconc.analysis.page_waits import with_page_waits
from browserconc.evidence import page_looks
from browserconc.evidence.page_looks import PageLook
from browserconc.model.finding import SERVICE, UNATTRIBUTED, Slice
from browserconc.model.timeline import Fact, Span, Track
from browserconc.recording import RecordingError
from tests.unit.cases import MS

ZERO = 5_000 * MS
LOAD = (
    Slice(SERVICE, 0, 100 * MS),
    Slice("browser-overhead", 100 * MS, 1_000 * MS),
    Slice(SERVICE, 1_000 * MS, 1_500 * MS),
)


def looks(*seen: tuple[int, dict[str, Fact]]) -> Track:
    """Looks at one tab, at so many milliseconds after the release."""
    spans = [
        Span("look", ZERO + (at - 5) * MS, ZERO + at * MS, {"visible": True, **detail}) for at, detail in seen
    ]
    return Track("looks", "0", "", tuple(spans), index=0)


PENDING: dict[str, Fact] = {"locks_pending": 2, "lock": "document"}
THROTTLED: dict[str, Fact] = {"visible": False, "timer_late_ms": 700.0}


def causes(track: Track | None) -> list[str]:
    return [piece.cause for piece in with_page_waits(LOAD, track, ZERO)]


def test_an_idle_tab_with_pending_locks_waited_for_a_lock():
    found = with_page_waits(LOAD, looks((300, PENDING), (700, PENDING)), ZERO)
    assert [piece.cause for piece in found] == [SERVICE, "web-lock", SERVICE]
    assert "“document”" in found[1].because
    assert [(piece.start_ns, piece.end_ns) for piece in found] == [(p.start_ns, p.end_ns) for p in LOAD]


def test_a_page_that_does_not_answer_waits_for_the_renderer_of_the_windows_it_opened():
    def asked(windows: int, at: int, until: int) -> Track:
        span = Span("look", ZERO + at * MS, ZERO + until * MS, {"visible": True, "windows": windows})
        return Track("looks", "0", "", (span,), index=0)

    found = with_page_waits(LOAD, asked(3, 200, 990), ZERO)
    assert [piece.cause for piece in found] == [SERVICE, "shared-renderer", SERVICE]
    assert "3 opened windows" in found[1].because
    unexplained = [piece.cause for piece in LOAD]
    assert causes(asked(0, 200, 990)) == unexplained  # busy by itself
    assert causes(asked(3, 200, 300)) == unexplained  # for a moment only


def test_an_idle_hidden_tab_whose_timers_are_late_waited_for_them():
    assert causes(looks((300, THROTTLED), (700, THROTTLED))) == [SERVICE, "hidden-tab", SERVICE]
    assert causes(looks((300, {"visible": False, "timer_late_ms": 2.0}))) == [p.cause for p in LOAD]


@pytest.mark.parametrize(
    "track",
    [
        None,
        looks((300, {"locks_pending": 0})),
        looks((300, PENDING), (600, {"locks_pending": 0}), (900, {"locks_pending": 0})),
        looks((1_200, PENDING)),  # while its own request ran
    ],
)
def test_without_such_looks_nothing_is_claimed(track: Track | None):
    assert causes(track) == [piece.cause for piece in LOAD]


def test_short_gaps_and_requests_are_left_alone():
    short = (Slice(UNATTRIBUTED, 0, 20 * MS), Slice("cache-lock", 20 * MS, 900 * MS))
    assert with_page_waits(short, looks((10, PENDING), (300, PENDING)), ZERO) == short


def test_looks_are_written_and_read(tmp_path: Path):
    path = tmp_path / page_looks.FILE
    page_looks.write(
        path, [PageLook(1, 10, 20, True, 0.5, ("a",), ("b" * 100, "c")), PageLook(0, 11, 21, False, 900.0)]
    )
    first, second = page_looks.tracks(path)
    assert (first.index, second.index) == (0, 1)
    assert second.spans[0].detail["locks_pending"] == 2
    assert second.spans[0].detail["lock"] == "b" * page_looks.LONGEST_NAME
    assert (first.spans[0].start_ns, first.spans[0].end_ns, first.spans[0].detail["visible"]) == (
        11,
        21,
        False,
    )


def test_what_is_no_such_log_is_a_sentence(tmp_path: Path):
    path = tmp_path / page_looks.FILE
    path.write_bytes(b"no log\n")
    with pytest.raises(RecordingError, match="not a log of looks"):
        page_looks.tracks(path)
    with pytest.raises(RecordingError, match="cannot be read"):
        page_looks.tracks(tmp_path / "missing")
