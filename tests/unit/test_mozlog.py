"""Firefox's own log: what of it is kept, at which instants, and what its lines mean."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.evidence import mozlog, mozlog_channel
from browserconc.evidence.mozlog import Clocks, Line, MozLog, MozLogError
from browserconc.model.timeline import Track

STAMP = "2026-11-21 17:23:10.500000 UTC - [Parent 7: Main Thread]: "
SECRET = "hunter2"  # nothing may let it through
HEADERS = f"""\
{STAMP}E/nsHttp http request [
{STAMP}E/nsHttp   GET /slow?delay=1 HTTP/1.1
{STAMP}E/nsHttp   Cookie: session={SECRET}
{STAMP}E/nsHttp   Authorization: Basic {SECRET}
{STAMP}V/nsHttp HttpBaseChannel::SetRequestHeader [this=7ff4 header="Cookie" value="{SECRET}" merge=0]
{STAMP}E/nsHttp nsHttpTransaction::ParseLine [Set-Cookie: id={SECRET}]
{STAMP}D/nsHttp redirecting to: http://127.0.0.1:5000/?token={SECRET} [redirection-limit=20]
{STAMP}E/nsHttp uri=http://me:{SECRET}@127.0.0.1:5000/slow
{STAMP}D/nsHttp nsHttpChannel::OpenCacheEntry [this=7ff4]
"""


def test_no_header_is_kept(tmp_path: Path):
    (tmp_path / "raw.moz_log").write_text(HEADERS)
    mozlog.keep(tmp_path / "raw", tmp_path / "kept.moz_log", Clocks(10, 0))
    kept = (tmp_path / "kept.moz_log").read_text()
    assert SECRET not in kept
    assert "Cookie" not in kept
    assert [line.text for line in MozLog(tmp_path / "kept.moz_log").lines] == [
        "uri=http://**********@127.0.0.1:5000/slow",
        "nsHttpChannel::OpenCacheEntry [this=7ff4]",
    ]


@given(st.text().map(str.strip))
def test_of_any_text_only_what_begins_like_a_known_line_is_kept(text: str):
    known = text.startswith((*mozlog.KEPT, "nsHttpChannel "))
    assert known or not mozlog.is_kept(text)


def test_wall_clock_instants_become_monotonic_ones(tmp_path: Path):
    wall_ns = 1_795_281_790_500_000_000  # 2026-11-21 17:23:10.5 UTC
    (tmp_path / "raw.moz_log").write_text(HEADERS)
    mozlog.keep(tmp_path / "raw", tmp_path / "kept.moz_log", Clocks(wall_ns - 3, 4))
    assert {line.time_ns for line in MozLog(tmp_path / "kept.moz_log").lines} == {7}


def test_a_log_that_was_never_written_is_not_kept(tmp_path: Path):
    mozlog.keep(tmp_path / "raw", tmp_path / "kept.moz_log", Clocks.now())
    assert not (tmp_path / "kept.moz_log").exists()


@pytest.mark.parametrize("content", [b"", b"\x00\xff\n" * 9, b"2026-11-21 nonsense", b'{"constants":{}}'])
def test_what_is_no_such_log_is_refused_in_a_sentence(tmp_path: Path, content: bytes):
    path = tmp_path / "log.moz_log"
    path.write_bytes(content)
    with pytest.raises(MozLogError, match=r"holds no line|cannot be read"):
        MozLog(path)
    with pytest.raises(MozLogError, match="cannot be read"):
        MozLog(tmp_path / "missing")


SECOND = 1_000_000_000


def read(script: str) -> list[Track]:
    """Lines written as "seconds text"; those of the connection manager run on a thread of their own."""
    lines = []
    for row in filter(str.strip, script.splitlines()):
        at, _, text = row.strip().partition(" ")
        thread = "Parent 7: Socket Thread" if "trans=" in text or "Limit" in text else "Parent 7: Main Thread"
        lines.append(Line(round(float(at) * SECOND), thread, text))
    return mozlog_channel.tracks(lines)


def spans(track: Track) -> dict[str, tuple[float, float | None]]:
    return {
        s.name: (s.start_ns / SECOND, None if s.end_ns is None else s.end_ns / SECOND) for s in track.spans
    }


CHANNEL = """
0.0 Creating nsHttpChannel [this=c1, nsIChannel=c1f]
0.0 HttpBaseChannel::Init [this=c1]
0.0 uri=http://127.0.0.1:9/tab-0
0.1 Creating nsHttpChannel [this=c2, nsIChannel=c2f]
0.1 HttpBaseChannel::Init [this=c2]
0.1 uri=http://127.0.0.1:8/slow
0.1 nsHttpChannel::SetupReplacementChannel [this=c1 newChannel=c2f preserveMethod=1]
0.2 nsHttpChannel::OpenCacheEntry [this=c2]
0.2 nsHttpChannel::MaybeStartCacheWaitTimer [this=c2] fires in 20000ms
1.2 nsHttpChannel::OnCacheEntryAvailable [this=c2 entry=0 new=0 status=804b003d] for http://127.0.0.1:8/slow
"""
TRANSACTION = """
1.2 nsHttpChannel c2 created nsHttpTransaction 7010
1.2 nsHttpTransaction::Init [this=7000 caps=1001001]
"""
QUEUED = """
1.3 nsHttpConnectionMgr::AtActiveConnectionLimit [ci=..127.0.0.1:8 caps=1001,totalCount=6, maxPersistConns=6]
1.3 AtActiveConnectionLimit result: true
1.3 not dispatched (queued) trans=7000
1.4 blocked due to rate pacing trans=7000
1.5 nsHttpConnectionMgr::AtActiveConnectionLimit [ci=..127.0.0.1:8 caps=1001,totalCount=9, max=6]
1.5 The number of total connections are greater than or equal to sum of max urgent-start queue length
1.5 not dispatched (queued) trans=7000
2.5 dispatched step 4 (async new conn) trans=7000
2.5 not dispatched (queued) trans=7000
2.6 nsHttpConnectionMgr::DispatchTransaction [ent-ci=..127.0.0.1:8 e trans=7000 caps=1 conn=d1 priority=-20]
"""
ANSWERED = """
2.6 nsHttpTransaction::OnTransportStatus [this=7000 status=4b0005 progress=0]
2.7 nsHttpTransaction::OnTransportStatus [this=7000 status=4b000a progress=0]
3.7 nsHttpTransaction::OnTransportStatus [this=7000 status=4b0006 progress=10]
3.8 nsHttpTransaction::OnTransportStatus [this=7000 status=4b0006 progress=20]
3.9 nsHttpTransaction::Close [this=7000 reason=0]
4.0 nsHttpChannel::ProcessResponse [this=c2 httpStatus=200]
4.1 nsHttpChannel::OnStopRequest [this=c2 request=1 status=0]
"""


def test_one_request_from_its_redirect_to_its_end():
    gate, slow = read(CHANNEL + TRANSACTION + QUEUED + ANSWERED)
    assert (gate.facts["leg"], slow.facts["leg"]) == (0, 1)
    assert slow.facts["via"] == gate.url == "http://127.0.0.1:9/tab-0"
    assert (slow.facts["status"], slow.facts["group"]) == (200, "..127.0.0.1:8")
    assert (slow.facts["connection"], slow.facts["connection_reused"]) == ("d1", False)
    found = spans(slow)
    assert found["request"] == (0.1, 4.1)
    assert found["cache-wait"] == (0.2, 1.2)
    assert found["send"] == (2.6, 2.7)
    assert found["wait"] == (2.7, 3.7)
    assert found["receive"] == (3.7, 3.9)
    queue = [(s.name, s.start_ns, s.end_ns, s.detail.get("held")) for s in slow.spans if s.name[0] == "p"]
    assert queue == [
        ("pending", 13 * SECOND // 10, 14 * SECOND // 10, 6),
        ("pacing", 14 * SECOND // 10, 15 * SECOND // 10, None),
        ("pending", 15 * SECOND // 10, 25 * SECOND // 10, 9),
    ]
    assert all(s.detail.get("limit") == "group" for s in slow.spans if s.name == "pending")


def test_a_queue_that_no_limit_explains_names_none():
    refused, _, rest = QUEUED.partition("1.3 AtActiveConnectionLimit result: true\n")
    allowed = f"{refused}1.3 AtActiveConnectionLimit result: false\n{rest}"
    pending = [s for s in read(CHANNEL + TRANSACTION + allowed)[1].spans if s.name == "pending"]
    assert [s.detail["limit"] for s in pending] == [None, "group"]


def test_all_connections_together_are_the_pool():
    full = """
    1.3 nsHttpConnectionMgr::AtActiveConnectionLimit [ci=..h:8 caps=1,totalCount=2, maxPersistConns=6]
    1.3 num active conns == max conns
    1.3 not dispatched (queued) trans=7000
    """
    (pending,) = (s for s in read(CHANNEL + TRANSACTION + full)[1].spans if s.name == "pending")
    assert pending.detail["limit"] == "pool"
    assert pending.end_ns is None


def test_an_address_that_is_used_again_is_another_channel_and_another_connection():
    again = (CHANNEL + TRANSACTION + QUEUED + ANSWERED).replace("/slow", "/again")
    twice = CHANNEL + TRANSACTION + QUEUED + ANSWERED + "5.0 Destroying nsHttpConnection @d1\n" + again
    tracks = read(twice)
    assert [track.url.rpartition("/")[2] for track in tracks] == ["tab-0", "slow", "tab-0", "again"]
    assert len({track.key for track in tracks}) == 4
    assert tracks[3].facts["connection_reused"] is False
    kept_alive = read(CHANNEL + TRANSACTION + QUEUED + ANSWERED + again)
    assert kept_alive[3].facts["connection_reused"] is True


@pytest.mark.parametrize("cut", range(len((CHANNEL + TRANSACTION + QUEUED + ANSWERED).splitlines())))
def test_a_log_that_is_cut_off_anywhere_is_read(cut: int):
    lines = (CHANNEL + TRANSACTION + QUEUED + ANSWERED).strip().splitlines()[:cut]
    for track in read("\n".join(lines)) if lines else []:
        for span in track.spans:
            assert span.end_ns is None or span.start_ns <= span.end_ns
