"""The trace reader against a real trace and the NetLog file of the same run, and against garbage."""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browserconc.evidence import netlog, nettrace, perfetto, protobuf
from browserconc.evidence.netlog_event import Event

RECORDING = Path(__file__).parent.parent / "recordings" / "nettrace"
TRACE = RECORDING / "trace.pftrace"
MS = 1_000_000


@pytest.fixture(scope="module")
def trace() -> list[Event]:
    return list(nettrace.events(TRACE))


@pytest.fixture(scope="module")
def logged() -> list[Event]:
    log = netlog.read(RECORDING / "netlog.json")
    assert not log.skipped
    return log.events


def by_source(events: Iterable[Event]) -> dict[int, list[Event]]:
    found = defaultdict(list)
    for event in events:
        found[event.source_id].append(event)
    return found


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_every_source_has_the_same_events_as_in_the_netlog_file(
    trace: list[Event], logged: list[Event]
) -> None:
    traced = by_source(trace)
    sources = by_source(logged)
    assert Counter(events[0].source_type for events in sources.values()).keys() == {
        "URL_REQUEST", "HTTP_STREAM_JOB", "SOCKET",
    }  # fmt: skip
    for source, events in sources.items():
        assert [(e.type, e.phase, e.source_type, e.params) for e in traced[source]] == [
            (e.type, e.phase, e.source_type, e.params) for e in events
        ]


def test_times_are_those_of_the_netlog_file_in_microseconds(trace: list[Event], logged: list[Event]) -> None:
    traced = by_source(trace)
    late = [
        one.time_ns - other.time_ns
        for source, events in by_source(logged).items()
        for one, other in zip(traced[source], events, strict=True)
    ]
    assert min(late) >= 0
    assert sorted(late)[len(late) * 98 // 100] < 2 * MS
    assert any(event.time_ns % MS for event in trace)
    assert all(event.time_ns % 1000 == 0 for event in trace)


def test_requests_given_up_are_in_it(logged: list[Event]) -> None:
    assert sum(event.type == "CANCELLED" for event in logged) >= 2


def test_dependencies_name_sources_of_the_trace(trace: list[Event]) -> None:
    bound = [event for event in trace if event.type == "HTTP_STREAM_REQUEST_BOUND_TO_JOB"]
    jobs = {event.source_id for event in trace if event.source_type == "HTTP_STREAM_JOB"}
    assert bound
    assert {event.params["source_dependency"]["id"] for event in bound} <= jobs


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_trace_cut_off_in_the_middle_of_a_packet_is_read_up_to_there(
    trace: list[Event], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = TRACE.read_bytes()
    packets, _ = protobuf.split(whole, perfetto.PACKET)
    sizes = [len(protobuf.field(perfetto.PACKET, packet)) for packet in packets]
    number = data.draw(st.integers(1, len(sizes) - 1))
    start = sum(sizes[:number])
    cut = start + data.draw(st.integers(1, sizes[number] - 1))
    path = tmp_path_factory.getbasetemp() / "cut.pftrace"
    events = list(nettrace.events(written(path, whole[:start])))
    assert list(nettrace.events(written(path, whole[:cut]))) == events
    assert [event.time_ns for event in events] == [event.time_ns for event in trace[: len(events)]]


def complaint(path: Path) -> str:
    """What the reader says about a file, "" where it reads it."""
    try:
        assert all(isinstance(event, Event) for event in nettrace.events(path))
    except nettrace.TraceError as problem:
        return str(problem)
    return ""


@given(data=st.binary(max_size=400), prefix=st.sampled_from([b"", b"\x0a", b"\x0a\x20\x5a\x10"]))
def test_bytes_that_are_no_trace_give_one_sentence(
    data: bytes, prefix: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.getbasetemp() / "noise.pftrace", prefix + data)
    assert re.fullmatch(r"(\S+noise\.pftrace is not a Perfetto trace [^\n]+\.)?", complaint(path))


@given(at=st.integers(0, 10_000), noise=st.binary(min_size=1, max_size=30))
def test_a_damaged_trace_gives_events_or_one_sentence(
    at: int, noise: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(TRACE.read_bytes()[:10_000])
    data[at : at + len(noise)] = noise
    path = written(tmp_path_factory.getbasetemp() / "damaged.pftrace", bytes(data))
    assert re.fullmatch(r"(\S+damaged\.pftrace [^\n]+\.)?", complaint(path))


def test_a_json_trace_and_a_missing_file_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(nettrace.TraceError, match="streamFormat 'proto'"):
        list(nettrace.events(written(tmp_path / "trace.json", b'{"traceEvents": []}')))
    with pytest.raises(nettrace.TraceError, match=r"cannot be read \(No such file or directory\)\.$"):
        list(nettrace.events(tmp_path / "missing"))


def test_a_trace_without_the_root_track_is_refused(tmp_path: Path) -> None:
    packets, _ = protobuf.split(TRACE.read_bytes(), perfetto.PACKET)
    without = b"".join(
        protobuf.field(1, b"".join(protobuf.field(n, v) for n, v in protobuf.fields(packet) if n != 60))
        for packet in packets
    )
    with pytest.raises(nettrace.TraceError, match="which source"):
        list(nettrace.events(written(tmp_path / "old.pftrace", without)))


def test_tracks_described_as_children_of_the_process_belong_to_the_root_all_the_same(
    tmp_path: Path, trace: list[Event]
) -> None:
    """As a busy Chromium 156 described two of eight sources of one trial."""
    packets, _ = protobuf.split(TRACE.read_bytes(), perfetto.PACKET)
    first = next(e for e in perfetto.track_events(io.BytesIO(TRACE.read_bytes())) if e.category == "netlog")
    _, root, process = first.lineage
    described = 0

    def adopted(track: bytes) -> bytes:
        nonlocal described
        fields = dict(protobuf.fields(track))
        described += fields.get(5) == root
        if fields.get(5) == root and described > 3:
            fields[5] = process
        return b"".join(protobuf.field(number, value) for number, value in fields.items())

    changed = b"".join(
        protobuf.field(
            1,
            b"".join(
                protobuf.field(n, adopted(v) if n == 60 and isinstance(v, bytes) else v)
                for n, v in protobuf.fields(packet)
            ),
        )
        for packet in packets
    )
    assert described > 10
    assert changed != TRACE.read_bytes()
    assert list(nettrace.events(written(tmp_path / "busy.pftrace", changed))) == trace


def test_a_packet_keeps_what_the_reader_needs_and_loses_command_lines() -> None:
    process = protobuf.field(1, 7) + protobuf.field(
        3, protobuf.field(2, b"chromium --user-data-dir=/home/me")
    )
    packet = protobuf.field(10, 2) + protobuf.field(60, process) + protobuf.field(57, b"machine")
    assert perfetto.essence(packet) == protobuf.field(10, 2) + protobuf.field(60, protobuf.field(1, 7))
    packets, _ = protobuf.split(TRACE.read_bytes(), perfetto.PACKET)
    for kept in packets:
        assert perfetto.essence(kept) == kept
