"""Of two stamps of one event the earlier is true; what cannot be two stamps of one event is a doubt."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.evidence import netlog, nettrace, url_request
from browserconc.evidence.trace_beside_netlog import TICK_NS, together
from browserconc.model.timeline import Span, Track

RECORDING = Path(__file__).parent.parent / "recordings" / "nettrace"
MS = 1_000_000


@pytest.fixture(scope="module")
def logged() -> list[Track]:
    return url_request.tracks(netlog.read(RECORDING / "netlog.json").events)


@pytest.fixture(scope="module")
def traced() -> list[Track]:
    return url_request.tracks(nettrace.events(RECORDING / "trace.pftrace"))


def later(track: Track, ns: int) -> Track:
    spans = (
        s._replace(start_ns=s.start_ns + ns, end_ns=None if s.end_ns is None else s.end_ns + ns)
        for s in track.spans
    )
    return replace(track, spans=tuple(spans))


def disagreement(logged: list[Track], traced: list[Track]) -> str:
    return together(logged, traced)[1] or ""


def test_file_and_trace_of_one_run_agree(logged: list[Track], traced: list[Track]):
    assert len(traced) >= 10
    assert not disagreement(logged, traced)


@pytest.mark.parametrize("ns", [20 * MS, -20 * MS])
def test_instants_that_lie_apart_are_a_doubt(logged: list[Track], traced: list[Track], ns: int):
    shifted = [later(traced[0], ns), *traced[1:]]
    assert f"disagree about 1 of {len(traced)} requests" in disagreement(logged, shifted)
    assert together(logged, shifted)[0][0].spans == shifted[0].spans


def test_another_connection_is_a_doubt(logged: list[Track], traced: list[Track]):
    other = [*traced[:-1], replace(traced[-1], facts={**traced[-1].facts, "socket": -1})]
    assert "the connection of" in disagreement(logged, other)


def test_nothing_in_common_is_a_doubt(logged: list[Track], traced: list[Track]):
    assert "no request in common" in disagreement(logged[:1], traced[1:])


@pytest.mark.parametrize("missing", ["file", "trace"])
def test_what_only_one_saw_is_used_as_it_is(logged: list[Track], traced: list[Track], missing: str):
    one, other = (logged, []) if missing == "trace" else ([], traced)
    assert together(one, other) == ([*one, *other], None)


def test_the_file_fills_what_the_trace_does_not_have(logged: list[Track], traced: list[Track]):
    blind = [replace(track, local_port=None) for track in traced[1:]]
    merged = {track.key: track for track in together(logged, blind)[0]}
    ports = {track.key: track.local_port for track in logged}
    assert {key: track.local_port for key, track in merged.items()} == ports
    assert merged[logged[0].key] == logged[0]
    seeing = {track.key: track for track in together(logged, traced)[0]}
    assert all(merged[track.key].spans == seeing[track.key].spans for track in blind)


def request(*spans: tuple[str, int, int | None]) -> Track:
    """A request with these spans, in microseconds."""
    return Track(
        "netlog",
        "407.1",
        "http://127.0.0.1/slow",
        tuple(Span(name, start * 1000, None if end is None else end * 1000) for name, start, end in spans),
    )


# As Chromium 156 told of one request on a saturated machine: the network thread lost the CPU for 7 ms between
# the two stamps of one END.
FILE = request(
    ("HTTP_STREAM_REQUEST", 937_000, 959_000),
    ("URL_REQUEST_DELEGATE_CONNECTED", 966_000, 966_000),
    ("HTTP_TRANSACTION_SEND_REQUEST", 966_000, 967_000),
    ("HTTP_TRANSACTION_READ_HEADERS", 967_000, 1_768_000),
)
TRACE = request(
    ("HTTP_STREAM_REQUEST", 937_782, 966_369),
    ("URL_REQUEST_DELEGATE_CONNECTED", 966_428, 966_750),
    ("HTTP_TRANSACTION_SEND_REQUEST", 966_767, 967_935),
    ("HTTP_TRANSACTION_READ_HEADERS", 967_938, 1_768_698),
)


def test_the_earlier_of_two_stamps_is_taken_and_is_no_doubt():
    (merged,), doubt = together([FILE], [TRACE])
    assert doubt is None
    late, *rest = merged.spans
    assert late == Span("HTTP_STREAM_REQUEST", 937_782_000, 959_999_999)
    assert rest == list(TRACE.spans[1:])


def with_end(track: Track, end_us: int | None) -> Track:
    """The same, its first step ended by that stamp."""
    first = track.spans[0]._replace(end_ns=None if end_us is None else end_us * 1000)
    return replace(track, spans=(first, *track.spans[1:]))


@pytest.mark.parametrize(
    ("end_us", "is_of_that_event"),
    [
        (959_000, True),
        (966_999, True),  # the next event may have been in the same millisecond
        (958_999, False),  # before the event
        (967_000, False),  # after the next
        (None, False),
    ],
)
def test_a_stamp_is_taken_after_its_event_and_before_the_next(end_us: int | None, is_of_that_event: bool):
    said = disagreement([FILE], [with_end(TRACE, end_us)])
    assert ("HTTP_STREAM_REQUEST of" in said) is not is_of_that_event


def test_steps_of_one_name_are_paired_in_their_order():
    cached = [("HTTP_CACHE_ADD_TO_ENTRY", ms * 1000, ms * 1000) for ms in (1, 8, 20)]
    traced = [
        (name, start + 200, end + late)
        for (name, start, end), late in zip(cached, (300, 6000, 400), strict=True)
    ]
    (merged,), doubt = together([request(*cached)], [request(*traced)])
    assert doubt is None
    assert [span.end_ns for span in merged.spans] == [1_300_000, 8_999_999, 20_400_000]


def test_a_step_that_the_file_has_not_as_often_keeps_its_stamps():
    twice = request(*[("HTTP_CACHE_OPEN_ENTRY", start, start + 9000) for start in (100, 9_300)])
    once = request(("HTTP_CACHE_OPEN_ENTRY", 9_000, 9_000))
    assert together([once], [twice]) == ([twice], None)


@st.composite
def two_observers(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Events of one thread in ns, and how both stamp them: the trace at any time before the next event."""
    truth = sorted(draw(st.sets(st.integers(0, 50 * MS), min_size=2, max_size=12)))
    stamped = [
        draw(st.integers(ns, following - 1)) for ns, following in pairwise([*truth, truth[-1] + 20 * MS])
    ]
    return truth, [ns // MS * MS for ns in truth], stamped


@given(two_observers())
def test_whenever_the_trace_stamps_the_error_is_below_a_millisecond(seen: tuple[list[int], ...]):
    truth, file, trace = (
        replace(request(), spans=tuple(Span("HTTP_STREAM_REQUEST", a, b) for a, b in pairwise(instants)))
        for instants in seen
    )
    (merged,), doubt = together([file], [trace])
    assert doubt is None
    for real, found in zip(truth.spans, merged.spans, strict=True):
        for ns, found_ns in ((real.start_ns, found.start_ns), (real.end_ns, found.end_ns)):
            assert 0 <= found_ns - ns < TICK_NS
    assert list(merged.spans) == sorted(merged.spans, key=lambda span: span.start_ns)
