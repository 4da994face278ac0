"""Every way to ask, by a real browser: what holds it back, and that it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from browserconc import pipeline
from browserconc.lab.installed_browsers import find
from browserconc.model.finding import TrialFinding
from tests.live.command import run

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(find() is None, reason="needs a Chromium: browserconc doctor --install-browser"),
]


def compared(
    folder: Path, workload: str, strategies: str, *more: str, tabs: int = 8
) -> dict[str, TrialFinding]:
    """The trials of one run by their strategy."""
    ended = run(
        folder.parent, "compare", "--workload", workload, "--strategies", strategies, "--tabs", str(tabs),
        "--delay", "0.2", "--out", str(folder), "--quiet", *more
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    return {trial.strategy: trial for trial in pipeline.analyze(folder).trials}


def judged(trial: TrialFinding) -> tuple[str, int | None, str | None]:
    return trial.verdict.kind, trial.verdict.limit, trial.verdict.cause


def test_six_event_streams_keep_the_seventh_tab_from_its_own(tmp_path: Path):
    trials = compared(tmp_path / "run", "sse", "raw-socket,tabs,contexts", "--timeout", "3", tabs=7)
    assert trials["raw-socket"].verdict.kind == trials["contexts"].verdict.kind == "concurrent"
    tabs = trials["tabs"]
    assert judged(tabs) == ("limited", 6, "host-limit")
    assert sum(request.error is not None for request in tabs.requests) == 1
    assert any(
        "6 connections were held all that time by answers that stay open: /events" in line
        for line in tabs.verdict.because
    )


def test_one_websocket_handshake_at_a_time_in_one_context(tmp_path: Path):
    trials = compared(tmp_path / "run", "websocket", "raw-socket,tabs,contexts,fetch-distinct", tabs=5)
    assert trials["raw-socket"].verdict.kind == trials["contexts"].verdict.kind == "concurrent"
    for name in ("tabs", "fetch-distinct"):
        assert judged(trials[name]) == ("serial", 1, "websocket-handshake"), name
        assert all(request.status == 101 for request in trials[name].requests)


@pytest.mark.parametrize("workload", ["xhr", "image"])
def test_pages_that_ask_for_one_address_wait_as_tabs_do(workload: str, tmp_path: Path):
    trials = compared(tmp_path / "run", workload, "tabs,tabs-distinct", tabs=7)
    assert judged(trials["tabs"]) == ("serial", 1, "cache-lock")
    assert judged(trials["tabs-distinct"]) == ("limited", 6, "host-limit")
    assert all(request.status == 200 for request in trials["tabs"].requests)


@pytest.mark.parametrize("server", ["waitress", "sanic"])
def test_a_server_without_websockets_is_a_sentence(tmp_path: Path, server: str):
    ended = run(tmp_path, "compare", "--workload", "websocket", "--server", server)
    assert ended.code == 2
    assert (
        f"The server {server} takes no WebSockets here. Choose one of werkzeug-threaded" in ended.sentence()
    )


def test_unknown_workloads_are_refused(tmp_path: Path):
    ended = run(tmp_path, "compare", "--workload", "websockets")
    assert ended.code == 2
    assert 'did you mean "websocket"?' in ended.sentence()
