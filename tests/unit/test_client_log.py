"""client.jsonl: what is written is what is read, and a crash costs one line at most."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browserconc.evidence.client import FILE, ClientLine, read, tracks, write
from browserconc.recording import RecordingError

INSTANT = st.none() | st.integers(0, 2**62)
COUNT = st.none() | st.integers(0, 2**31)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LINES = st.lists(
    st.builds(
        ClientLine,
        index=st.integers(0, 10_000),
        url=TEXT,
        local_port=st.none() | st.integers(1, 65_535),
        released_ns=INSTANT,
        connect_start_ns=INSTANT,
        connected_ns=INSTANT,
        sent_ns=INSTANT,
        first_byte_ns=INSTANT,
        done_ns=INSTANT,
        status=st.none() | st.integers(100, 599),
        error=st.none() | TEXT,
        retransmits=COUNT,
        bytes=COUNT,
    ),
    max_size=5,
)
COMPLETE = ClientLine(7, "http://127.0.0.1:5000/slow", 40_000, 10, 11, 12, None, 13, 14, 15, 200, None, 0, 67)


@settings(max_examples=40)
@given(LINES)
def test_what_is_written_is_read(lines: list[ClientLine]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        write(path, lines)
        assert read(path) == lines
        assert [track.index for track in tracks(path)] == [line.index for line in lines]


def test_a_log_cut_off_anywhere_keeps_its_complete_lines(tmp_path: Path) -> None:
    path = tmp_path / FILE
    second = ClientLine(8, "http://127.0.0.1:5000/ü")
    write(path, [COMPLETE, second])
    whole = path.read_bytes()
    first_ends = whole.index(b"\n")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert len(read(path)) == (length >= first_ends) + (length >= len(whole) - 1)


def test_a_line_that_is_no_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / FILE
    write(path, [COMPLETE, COMPLETE])
    path.write_bytes(path.read_bytes().replace(b'{"index":7', b'{"index":x', 1))
    with pytest.raises(RecordingError, match=r"client\.jsonl line 1 "):
        tracks(path)


def test_a_missing_log_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"client\.jsonl cannot be read \(No such file"):
        tracks(tmp_path / FILE)


def test_a_cold_request_has_all_its_spans(tmp_path: Path) -> None:
    path = tmp_path / FILE
    write(path, [COMPLETE])
    (track,) = tracks(path)
    assert {span.name: (span.start_ns, span.end_ns) for span in track.spans} == {
        "released": (10, 10),
        "connect": (11, 12),
        "send": (12, 13),
        "wait": (13, 14),
        "receive": (14, 15),
        "request": (10, 15),
    }
    assert (track.source, track.key, track.index, track.local_port) == ("client", "7", 7, 40_000)
    assert track.facts == {"status": 200, "error": None, "retransmits": 0, "bytes": 67}


def test_a_warm_request_is_sent_from_the_release_on(tmp_path: Path) -> None:
    path = tmp_path / FILE
    write(path, [ClientLine(0, "u", released_ns=10, connect_start_ns=1, connected_ns=2, sent_ns=13)])
    (track,) = tracks(path)
    send, wait = track.span("send"), track.span("wait")
    assert send is not None
    assert (send.start_ns, send.end_ns) == (10, 13)
    assert wait is not None
    assert (wait.start_ns, wait.end_ns) == (13, None)
    assert track.span("receive") is None


@settings(max_examples=40)
@given(LINES)
def test_spans_keep_the_order_of_the_instants(lines: list[ClientLine]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        write(path, lines)
        for line, track in zip(lines, tracks(path), strict=True):
            request = track.span("request")
            assert (request is None) == (line.released_ns is None)
            assert request is None or request.end_ns == line.done_ns
