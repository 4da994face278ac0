"""A log that somebody else recorded: what its requests waited for, however it comes and wherever it ends."""

from __future__ import annotations

import gc
import gzip
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browserconc import explain_recording
from browserconc.evidence import netlog, url_request
from browserconc.evidence.netlog_event import Event
from browserconc.explanation import Choice, LogError, explain
from browserconc.model.finding import Result
from browserconc.report import explained, result_json

RECORDINGS = Path(__file__).parent.parent / "recordings"
LOGS = sorted(RECORDINGS.glob("*/netlog*.json"))
THREADED = RECORDINGS / "threaded" / "netlog-1.json"
TRACE = RECORDINGS / "nettrace" / "trace.pftrace"
EVERYTHING = Choice()


def waited(result: Result) -> Counter[str]:
    """Requests that waited noticeably, by cause."""
    return Counter(
        piece.cause
        for trial in result.trials
        for request in trial.requests
        for piece in request.slices
        if piece.cause in ("cache-lock", "host-limit") and piece.duration_ns > 50_000_000
    )


def assert_partitioned(result: Result) -> None:
    for request in (request for trial in result.trials for request in trial.requests):
        edges = [request.start_ns, *(piece.end_ns for piece in request.slices)]
        assert [piece.start_ns for piece in request.slices] == edges[:-1]
        assert edges[-1] == request.end_ns


@pytest.mark.parametrize("log", LOGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_recorded_log_is_explained_and_partitioned(log: Path):
    result = explain(log, EVERYTHING)
    assert result.command == "explain"
    assert all(trial.server is None and trial.requests for trial in result.trials)
    assert_partitioned(result)
    assert result_json.parse(result_json.render(result)).trials == result.trials


@pytest.mark.parametrize("name", ["threaded", "default-pool", "happy-eyeballs-v3"])
def test_lock_and_limit_are_found_without_client_and_ledger(name: str):
    result = explain(RECORDINGS / name / "netlog-1.json", EVERYTHING)
    assert result.conclusion.cause == "cache-lock"
    verdicts = {(trial.verdict.cause, trial.verdict.limit) for trial in result.trials}
    assert {("cache-lock", 1), ("host-limit", 6)} <= verdicts
    assert result.network
    limits = {hit.cause: hit.value for hit in result.network.limits}
    assert limits == {"cache-lock": 1, "host-limit": 6}
    stalled = {hit.where for hit in result.network.limits if hit.cause == "host-limit"}
    assert {group.peak for group in result.network.groups if group.group in stalled} == {6}


def test_a_server_without_a_limit_is_not_blamed_and_one_with_a_limit_is_a_doubt():
    for name in ("threaded", "werkzeug-single"):
        result = explain(RECORDINGS / name / "netlog-1.json", EVERYTHING)
        assert all(trial.verdict.culprit in (None, "browser") for trial in result.trials)
        assert all(any("the server's work" in d for d in trial.verdict.doubts) for trial in result.trials)


def test_a_limit_that_the_browser_does_not_state_is_counted(tmp_path: Path):
    log = tmp_path / "log.json"
    log.write_bytes(THREADED.read_bytes().partition(b'"polledData"')[0])
    assert {t.verdict.limit for t in explain(log, EVERYTHING).trials if t.verdict.cause == "host-limit"} == {
        6
    }


def test_the_trace_says_what_the_file_says():
    from_file = explain(RECORDINGS / "nettrace" / "netlog.json", EVERYTHING)
    from_trace = explain(TRACE, EVERYTHING)
    assert waited(from_trace) == waited(from_file)
    assert from_trace.conclusion.cause == from_file.conclusion.cause


def test_a_recording_is_explained_with_its_ledger(tmp_path: Path):
    result = explain_recording.explain(RECORDINGS / "gunicorn-sync-4", EVERYTHING)
    assert {trial.verdict.cause for trial in result.trials} >= {"server-width"}
    one = explain_recording.explain(RECORDINGS / "gunicorn-sync-4" / "03-contexts", EVERYTHING)
    assert [trial.id for trial in one.trials] == ["contexts"]


def test_compressed_logs_say_the_same(tmp_path: Path):
    plain = explain(THREADED, EVERYTHING)
    packed = tmp_path / "log.json.gz"
    packed.write_bytes(gzip.compress(THREADED.read_bytes()))
    archive = tmp_path / "log.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(THREADED, "chrome-net-export-log.json")
    assert explain(packed, EVERYTHING).trials == plain.trials
    assert explain(archive, EVERYTHING).trials == plain.trials


@settings(deadline=None, max_examples=40)
@given(share=st.floats(0.01, 1), packed=st.booleans())
def test_a_log_may_end_anywhere(tmp_path_factory: pytest.TempPathFactory, share: float, packed: bool):
    content = THREADED.read_bytes()
    content = gzip.compress(content) if packed else content
    log = tmp_path_factory.mktemp("cut") / "log"
    log.write_bytes(content[: round(share * len(content))])
    try:
        result = explain(log, EVERYTHING)
    except LogError as problem:
        assert str(problem).endswith(".")  # noqa: PT017 - any byte may be the one before which it says nothing
        return
    assert_partitioned(result)
    if share < 0.9:
        assert any("has no end" in doubt for doubt in result.trials[0].verdict.doubts)


def test_a_request_that_never_got_a_connection_waits_for_one_to_the_end(tmp_path: Path):
    lines = THREADED.read_bytes().split(b"\n")
    types = json.loads(lines[0].rstrip(b",") + b"}")["constants"]["logEventTypes"]
    stalled = f'"type":{types["SOCKET_POOL_STALLED_MAX_SOCKETS_PER_GROUP"]}}}'.encode()
    last = max(place for place, line in enumerate(lines) if stalled in line)
    later = next(p for p in range(last, len(lines)) if int(json.loads(lines[p].rstrip(b",]"))["time"]) > 0)
    log = tmp_path / "growing.json"
    log.write_bytes(b"\n".join(lines[: later + 20]))
    tracks = url_request.tracks(netlog.read(log).events)
    open_stalls = [s for track in tracks for s in track.spans if s.name == "STALL" and s.end_ns is None]
    assert open_stalls
    explain(log, EVERYTHING)


def test_only_what_was_asked_for_is_kept():
    everything = explain(THREADED, EVERYTHING)
    slow = explain(THREADED, Choice(url="*/slow?*"))
    assert all("/slow?" in request.url for trial in slow.trials for request in trial.requests)
    assert 0 < sum(len(t.requests) for t in slow.trials) < sum(len(t.requests) for t in everything.trials)
    late = explain(THREADED, Choice(since_s=1))
    assert 0 < sum(len(t.requests) for t in late.trials) < sum(len(t.requests) for t in everything.trials)
    with pytest.raises(LogError, match="--url and --since"):
        explain(THREADED, Choice(url="no such address"))


def test_a_request_is_handed_on_as_soon_as_it_is_over():
    events = netlog.read(THREADED).events
    taken = 0

    def counted() -> Iterator[Event]:
        nonlocal taken
        for event in events:
            taken += 1
            yield event

    first = next(url_request.follow(counted()))
    assert first.spans
    assert taken < len(events) / 4


def rewritten(tmp_path: Path, old: str, new: str) -> Path:
    log = tmp_path / "log.json"
    text = THREADED.read_text()
    assert old in text
    log.write_text(text.replace(old, json.dumps(new)[1:-1]))
    return log


@pytest.mark.parametrize("frozen", [False, True])
def test_the_collector_is_left_as_it_was_found(frozen: bool):
    assert gc.isenabled()
    if frozen:
        gc.freeze()
    try:
        explain(THREADED, EVERYTHING)
        assert (gc.isenabled(), gc.get_freeze_count() > 0) == (True, frozen)
    finally:
        gc.unfreeze()


def test_that_chromium_left_a_password_out_is_no_part_of_the_address(tmp_path: Path):
    log = tmp_path / "log.json"
    log.write_text(re.sub(r'("url":"http[^"]+)"', r'\1 (credentials redacted)"', THREADED.read_text()))
    urls = {request.url for trial in explain(log, EVERYTHING).trials for request in trial.requests}
    assert urls == {r.url for trial in explain(THREADED, EVERYTHING).trials for r in trial.requests}


def test_secrets_of_addresses_are_nowhere(tmp_path: Path):
    log = rewritten(
        tmp_path, "/slow?delay=0.2", "/slow?api_key=Xyzzy1&access_token=Xyzzy2&next=a&Password=Xyzzy3"
    )
    result = explain(log, EVERYTHING)
    text = explained.render(result) + explained.markdown(result) + result_json.render(result)
    assert "api_key=***" in text
    assert "next=a" in text
    assert "Xyzzy" not in text


def test_hostile_addresses_cannot_repaint_the_terminal(tmp_path: Path):
    log = rewritten(tmp_path, "/slow?delay=0.2", "/\x1b[2J\u202e|`[x](javascript:1)<script>\n")
    result = explain(log, EVERYTHING)
    for text in (explained.render(result), explained.markdown(result)):
        assert not any(character in text for character in ("\x1b", "\u202e"))
    assert "<script>" not in explained.markdown(result).replace("```text", "", 1).split("```")[-1]
    assert result_json.parse(result_json.render(result))


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int):
    for line in explained.render(explain(THREADED, EVERYTHING), width=width).splitlines()[:-1]:
        assert len(line) <= max(width, explained.NARROWEST)


def test_a_terminal_without_unicode_gets_ascii():
    assert explained.render(explain(THREADED, EVERYTHING), encoding="ascii").isascii()


HAR = {
    "log": {
        "version": "1.2",
        "pages": [{"id": "page_1", "title": "https://shop.test/cart?token=Xyzzy", "pageTimings": {}}],
        "entries": [
            {
                "startedDateTime": f"2026-11-21T10:00:0{number}.000Z",
                "pageref": "page_1",
                "time": 60 + blocked,
                "request": {
                    "url": f"https://shop.test/api?n={number}&key=Xyzzy",
                    "method": "POST",
                    "headers": [{"name": "Cookie", "value": "Xyzzy"}],
                    "postData": {"text": "Xyzzy"},
                },
                "response": {"status": 200, "content": {"text": "Xyzzy"}},
                "timings": {
                    "blocked": blocked,
                    "dns": -1,
                    "connect": -1,
                    "send": 0,
                    "wait": 50,
                    "receive": 10,
                },
            }
            for number, blocked in enumerate([2, 2, 900, 1800])
        ],
    }
}


def test_a_har_is_read_and_what_it_cannot_tell_is_a_doubt(tmp_path: Path):
    log = tmp_path / "page.har"
    log.write_bytes(b"\xef\xbb\xbf" + json.dumps(HAR).encode())
    result = explain(log, EVERYTHING)
    (trial,) = result.trials
    assert trial.id == "https://shop.test"
    assert trial.verdict.kind == "undecided"
    assert any("A HAR tells that a request was blocked" in doubt for doubt in trial.verdict.doubts)
    assert trial.waiting_ns["unattributed"] == 2_700_000_000
    assert result.network is None
    assert_partitioned(result)
    assert "Xyzzy" not in explained.render(result) + result_json.render(result)


def test_time_that_a_har_puts_into_no_phase_is_nobodys(tmp_path: Path):
    """Playwright's recording of tabs that waited for the cache lock: 0.6 s of `ssl`, without TLS."""
    timings = {"dns": 0, "connect": 1, "ssl": 649, "send": 0, "wait": 605, "receive": 5}
    entry = {
        "startedDateTime": "2026-11-22T00:18:35.948Z",
        "time": 1260,
        "timings": timings,
        "request": {"url": "http://shop.test/slow", "method": "GET"},
        "response": {"status": 200},
        "pageref": "page@48f9",
    }
    har = {"log": {"pages": [{"id": "page@48f9", "title": ""}], "entries": [entry, entry]}}
    log = tmp_path / "page.har"
    log.write_text(json.dumps(har))
    result = explain(log, EVERYTHING)
    (trial,) = result.trials
    assert trial.id == "http://shop.test"
    assert trial.verdict.kind == "undecided"
    assert trial.waiting_ns["unattributed"] == pytest.approx(2 * 649e6, rel=0.01)
    assert "1.30 s in all, is undecided" in result.conclusion.summary


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"<html>hello", "is not a NetLog, HAR, Perfetto trace or recording"),
        (bytes(range(256)) * 100, "is not a NetLog, HAR"),
        (b'{"constants":null}', "is not a NetLog"),
        (b'{"constants":{}}', "is not a NetLog"),
        (b'{"traceEvents":[]}', "is a JSON trace"),
        (b'{"schema":"browserconc/result-1"}', "browserconc report"),
        (b'{"log":{"entries":[{"request":1}]}}', "is not a complete HAR"),
        (b'{"log":{"entries":[', "is not a complete HAR"),
        (b"\x1f\x8b" + b"x" * 100, "is not a NetLog, HAR"),
        (b"PK\x03\x04" + b"x" * 100, "is an archive that cannot be read"),
        (b"\n" * 5000, "is not a Perfetto trace"),
        (b"[" * 100_000, "is not a NetLog, HAR"),
        (b'{"log":' + b"[" * 100_000, "is not a complete HAR"),
    ],
    ids=range(14),
)
def test_what_is_no_log_is_refused_in_a_sentence(tmp_path: Path, content: bytes, sentence: str):
    log = tmp_path / "file"
    log.write_bytes(content)
    with pytest.raises(LogError) as refused:
        explain(log, EVERYTHING)
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_an_unknown_format_is_refused(tmp_path: Path):
    log = tmp_path / "log.json"
    log.write_bytes(THREADED.read_bytes().replace(b'"logFormatVersion":1', b'"logFormatVersion":7', 1))
    with pytest.raises(LogError, match="NetLog of format 7; this version reads 1"):
        explain(log, EVERYTHING)


@pytest.mark.parametrize("start", [b"", b'{"constants":'])
def test_two_gigabytes_of_nothing_take_neither_memory_nor_time(tmp_path: Path, start: bytes):
    log = tmp_path / "sparse"
    with log.open("wb") as file:
        file.write(start)
        file.truncate(2 << 30)
    with pytest.raises(LogError, match="is not a NetLog"):
        explain(log, EVERYTHING)


def test_folders_and_missing_files_are_refused(tmp_path: Path):
    with pytest.raises(LogError, match="cannot be read"):
        explain(tmp_path / "missing", EVERYTHING)
    with pytest.raises(LogError, match="is not a file"):
        explain(tmp_path, EVERYTHING)
    with pytest.raises(LogError, match=f"^{re.escape(str(tmp_path))} is not a browserconc recording"):
        explain_recording.explain(tmp_path, EVERYTHING)
    with pytest.raises(LogError, match="judged as a whole"):
        explain_recording.explain(RECORDINGS / "threaded", Choice(url="x"))


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_spoiled_log_is_explained_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    content = bytearray(THREADED.read_bytes()[:80_000])
    for _ in range(data.draw(st.integers(1, 30))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    log = tmp_path_factory.mktemp("spoiled") / "log"
    log.write_bytes(content)
    try:
        result = explain(log, EVERYTHING)
    except LogError:
        return
    assert_partitioned(result)
    assert explained.render(result)
    assert explained.markdown(result)
    assert result_json.render(result)
