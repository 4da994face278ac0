"""Real runs whose page or renderer is what binds, and the same work where it is not.

Recorded with Chromium 156 on loopback: `hidden-tab` and `shared-renderer` by `browserconc diagnose` of a
page whose timers precede its fetch() (with and without --stock-switches), and of one that computes
beside two windows that it has opened (without and with noopener, and then in a worker);
`websocket-refused` by `compare --workload websocket --strategies fetch-distinct --delay 0 --evidence
none` with 258 and 250 sockets in one page.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from browserconc import diagnose_recording, pipeline
from browserconc.model.finding import Result, TrialFinding

RECORDINGS = Path(__file__).parent.parent / "recordings"
PAIRS = ("hidden-tab", "shared-renderer")


@cache
def diagnosed(name: str) -> Result:
    return diagnose_recording.analyze(RECORDINGS / name)


@pytest.mark.parametrize(("name", "culprit"), [("hidden-tab", "browser"), ("shared-renderer", "page")])
def test_what_the_page_waited_for_is_named(name: str, culprit: str):
    found = diagnosed(name).conclusion
    assert (found.culprit, found.cause) == (culprit, name)
    assert found.share > 0.8


@pytest.mark.parametrize("name", PAIRS)
def test_the_same_page_without_it_is_not_said_to_have_waited_for_it(name: str):
    result = diagnosed(f"{name}-not")
    assert result.conclusion.cause is None
    assert all(name not in trial.waiting_ns for trial in result.trials)


def test_only_the_tabs_behind_the_last_one_waited_for_their_timers():
    (tabs,) = (trial for trial in diagnosed("hidden-tab").trials if trial.id == "tabs")
    assert any("2 of 3 tabs waited" in line for line in tabs.verdict.because)


def test_a_tab_that_computes_in_a_worker_stays_unexplained_and_is_no_renderers_fault():
    (tabs,) = (trial for trial in diagnosed("shared-renderer-not").trials if trial.id == "tabs")
    assert tabs.verdict.kind == "undecided"
    assert "No cause explains" in tabs.verdict.doubts[0]


@cache
def sockets(name: str) -> TrialFinding:
    (trial,) = pipeline.analyze(RECORDINGS / name).trials
    return trial


def test_websockets_that_a_renderer_refuses_are_told_from_those_that_wait():
    trial = sockets("websocket-refused")
    refused = [request for request in trial.requests if request.error]
    assert len(refused) == 258 - 255
    for request in refused:
        assert "Insufficient resources" in (request.error or "")
        causes = {piece.cause for piece in request.slices}
        assert "websocket-limit" in causes
    assert "3 of 258 requests failed: Insufficient resources." in trial.verdict.doubts
    others = [request for request in trial.requests if not request.error]
    assert not any(piece.cause == "websocket-limit" for request in others for piece in request.slices)


def test_fewer_are_all_opened_and_none_is_said_to_be_refused():
    trial = sockets("websocket-refused-not")
    assert {request.status for request in trial.requests} == {101}
    assert "websocket-limit" not in trial.waiting_ns


@pytest.mark.parametrize(
    "name", [*PAIRS, *(f"{name}-not" for name in PAIRS), "websocket-refused", "websocket-refused-not"]
)
def test_they_tell_nothing_of_the_machine_that_made_them(name: str):
    for path in (RECORDINGS / name).rglob("*.json*"):
        assert path.stat().st_size < 300_000
        text = path.read_text()
        assert not any(part in text for part in ("/tmp", "/home", "/root", "user-data-dir=", "Users")), path
