"""What tabs asked for, as it is kept."""

from pathlib import Path

import pytest

from browserconc.evidence import page_log
from browserconc.evidence.page_log import PageLine
from browserconc.recording import RecordingError


def test_lines_come_back_in_the_order_in_which_they_were_asked_for_and_without_secrets(tmp_path: Path):
    path = tmp_path / page_log.FILE
    later = PageLine(1, "http://127.0.0.1/feed", "GET", "eventsource", 50, opened_ns=70)
    page_log.write(
        path, [later, PageLine(0, "http://ada:pw@127.0.0.1/?token=abc&n=1", "POST", "fetch", 10, 20)]
    )
    first, second = page_log.tracks(path)
    assert (first.index, second.index) == (0, 1)
    assert first.url == "http://***@127.0.0.1/?token=***&n=1"
    assert b"abc" not in path.read_bytes()
    assert first.span("asked").end_ns == 20
    assert second.span("asked").end_ns == 70  # a stream has no end
    assert second.facts["kind"] == "eventsource"


def test_an_event_stream_is_answered_when_it_is_open():
    assert PageLine(0, "u", "GET", "eventsource", 1, opened_ns=5).answered_ns == 5
    assert PageLine(0, "u", "GET", "fetch", 1, done_ns=7).answered_ns == 7
    assert PageLine(0, "u", "GET", "fetch", 1).answered_ns is None


def test_a_log_that_is_none_is_a_sentence(tmp_path: Path):
    path = tmp_path / page_log.FILE
    path.write_text('{"tab": "x"}\n')
    with pytest.raises(RecordingError, match="is not a log of pages"):
        page_log.tracks(path)
    with pytest.raises(RecordingError, match="cannot be read"):
        page_log.tracks(tmp_path / "none")
