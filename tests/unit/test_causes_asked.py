"""Which causes are asked of a request: those that are not would have said nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from browserconc import explain_recording
from browserconc.analysis import verdict
from browserconc.analysis.causes import CAUSES, host_limit
from browserconc.explanation import Choice, explain
from browserconc.model.cause import Case, Evidence
from browserconc.model.timeline import Span, Timeline, Track

RECORDINGS = Path(__file__).parent.parent / "recordings"
LOGS = sorted([*RECORDINGS.glob("*/netlog-1.json"), *RECORDINGS.glob("logs/*.json.gz")])
RUNS = sorted(file.parent for file in RECORDINGS.glob("*/run.json"))


@pytest.fixture
def all_are_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(verdict, "CAUSES", tuple(replace(cause, needs=None) for cause in CAUSES))
    verdict._asked.cache_clear()
    yield
    monkeypatch.undo()
    verdict._asked.cache_clear()


@pytest.mark.parametrize("log", LOGS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_log_says_the_same_where_all_causes_are_asked(log: Path, request: pytest.FixtureRequest):
    asked_some = explain(log, Choice())
    request.getfixturevalue("all_are_asked")
    assert explain(log, Choice()).trials == asked_some.trials


@pytest.mark.parametrize("run", RUNS, ids=lambda path: path.name)
def test_a_recording_says_the_same_where_all_causes_are_asked(run: Path, request: pytest.FixtureRequest):
    asked_some = explain_recording.explain(run, Choice())
    request.getfixturevalue("all_are_asked")
    assert explain_recording.explain(run, Choice()).trials == asked_some.trials


class Unread(tuple[Timeline, ...]):
    """Timelines that nobody may go through."""

    def __iter__(self) -> Iterator[Timeline]:
        raise AssertionError("each request goes through all requests")


def test_a_request_that_was_not_stalled_is_not_compared_with_all_others():
    """Where a log was cut off it does not state the limit, which is then counted: once, not per request."""
    track = Track("netlog", "1.0", "http://a.test/", (Span("REQUEST_ALIVE", 0, 1),))
    timeline = Timeline(0, track.url, 0, 1, 200, None, {"netlog": track})
    evidence = Evidence(
        id="a",
        strategy="observed",
        server=None,
        server_stated=None,
        url=track.url,
        tabs=1,
        delay_ns=None,
        repeat=1,
        released_ns=0,
        ended_ns=1,
        tracks=(track,),
        sources=frozenset({"netlog"}),
    )
    case = Case(evidence, Unread((timeline,)), (), ())
    assert list(host_limit.CAUSE.claims(timeline, case)) == []
