"""Where a trial has both, the trace's word counts; what differs from the NetLog file is a doubt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from browserconc.evidence import browser_logs, netlog, nettrace, url_request
from browserconc.model.timeline import Track

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


def test_file_and_trace_of_one_run_agree(logged: list[Track], traced: list[Track]):
    assert len(traced) >= 10
    assert browser_logs._disagreement(logged, traced) is None


@pytest.mark.parametrize("ns", [20 * MS, -20 * MS])
def test_instants_that_lie_apart_are_a_doubt(logged: list[Track], traced: list[Track], ns: int):
    shifted = [later(traced[0], ns), *traced[1:]]
    assert f"disagree about 1 of {len(traced)} requests" in (
        browser_logs._disagreement(logged, shifted) or ""
    )


def test_another_connection_is_a_doubt(logged: list[Track], traced: list[Track]):
    other = [*traced[:-1], replace(traced[-1], facts={**traced[-1].facts, "socket": -1})]
    assert "the connection of" in (browser_logs._disagreement(logged, other) or "")


def test_nothing_in_common_is_a_doubt(logged: list[Track], traced: list[Track]):
    assert "no request in common" in (browser_logs._disagreement(logged[:1], traced[1:]) or "")


def test_the_file_fills_what_the_trace_does_not_have(logged: list[Track], traced: list[Track]):
    blind = [replace(track, local_port=None) for track in traced[1:]]
    merged = {track.key: track for track in browser_logs._merged(logged, blind)}
    assert merged.keys() == {track.key for track in logged}
    ports = {track.key: track.local_port for track in logged}
    assert {key: track.local_port for key, track in merged.items()} == ports
    for track in traced[1:]:
        assert merged[track.key].spans == track.spans
