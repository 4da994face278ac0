"""A NetLog that a crash cut off, at any byte: every whole line before the cut is read."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browserconc.evidence import netlog, url_request

RECORDINGS = Path(__file__).parent.parent / "recordings"
LOGS = {
    name: (RECORDINGS / name / "netlog-1.json").read_bytes() for name in ("threaded", "happy-eyeballs-v3")
}


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cut-off") / "netlog.json"


def whole_lines(content: bytes) -> int:
    """The events that stand complete in the text; the last one may lack its comma and line end."""
    events = [line for line in content.split(b"\n")[2:] if line.startswith(b"{")]
    if events and events[-1].count(b"{") != events[-1].count(b"}"):
        events.pop()
    return len(events)


@settings(deadline=None, max_examples=150)
@given(name=st.sampled_from(sorted(LOGS)), share=st.floats(0, 1))
def test_every_whole_line_before_the_cut_is_read(cut_off: Path, name: str, share: float):
    content = LOGS[name]
    content = content[: round(share * len(content))]
    cut_off.write_bytes(content)
    constants_end = content.find(b"\n")
    try:
        log = netlog.read(cut_off)
    except netlog.NetLogError:
        assert constants_end == -1
        return
    assert len(log.events) == whole_lines(content)
    assert log.skipped <= 1
    url_request.tracks(log.events)


@settings(deadline=None, max_examples=100)
@given(name=st.sampled_from(sorted(LOGS)), seed=st.integers(0, 1 << 32))
def test_bytes_that_a_disk_spoiled_are_no_traceback(cut_off: Path, name: str, seed: int):
    chance = random.Random(seed)
    content = bytearray(LOGS[name][:60_000])
    for _ in range(chance.randrange(1, 40)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    cut_off.write_bytes(content)
    with suppress(netlog.NetLogError):
        url_request.tracks(netlog.read(cut_off).events)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"constants":{}}', b"\xff\xfe\n", b"{" * 10_000])
def test_what_is_no_netlog_is_refused_in_a_sentence(cut_off: Path, content: bytes):
    cut_off.write_bytes(content)
    with pytest.raises(netlog.NetLogError, match="is not a NetLog"):
        netlog.read(cut_off)


def test_the_complete_logs_are_read_to_the_end(cut_off: Path):
    for content in LOGS.values():
        cut_off.write_bytes(content)
        log = netlog.read(cut_off)
        assert log.polled
        assert log.skipped == 0
        assert len(log.events) == whole_lines(content)
