"""A real diagnosis, recorded and pruned: a quick page whose fetch() is slow, on two workers of gunicorn."""

from __future__ import annotations

from pathlib import Path

import pytest

from browserconc import diagnose_recording
from browserconc.model.finding import UNATTRIBUTED, Result

FOLDER = Path(__file__).parent.parent / "recordings" / "diagnose-page"


@pytest.fixture(scope="module")
def result() -> Result:
    return diagnose_recording.analyze(FOLDER)


def test_the_part_that_the_tabs_wait_for_is_named_with_both_limits(result: Result):
    found = result.conclusion
    assert (found.culprit, found.cause, found.limit) == ("browser", "cache-lock", 1)
    assert (found.server_limit, found.browser_limit) == (2, 1)
    assert found.url is not None
    assert found.url.endswith("/api/slow")
    assert found.skew == pytest.approx(2, abs=0.2)


def test_without_the_lock_the_server_is_what_binds_and_the_run_proves_it(result: Result):
    verdicts = {trial.id: (trial.verdict.cause, trial.verdict.limit) for trial in result.trials}
    two = ("server-width", 2)
    assert verdicts == {
        "raw-socket": two,
        "tabs": ("cache-lock", 1),
        "no-cache": two,
        "tabs-hosts": two,
        "contexts": two,
    }
    assert {remedy.trial for remedy in result.conclusion.remedies} == {"no-cache", "tabs-hosts", "contexts"}


def test_every_tab_has_its_document_and_its_part(result: Result):
    for trial in result.trials:
        if trial.strategy == "raw-socket":
            continue
        for tab in range(trial.tabs):
            own = [request.url.rpartition("/")[2] for request in trial.requests if request.tab == tab]
            assert own == ["page", "slow"], trial.id


def test_requests_are_partitioned_and_nearly_all_of_their_waiting_is_explained(result: Result):
    for trial in result.trials:
        for request in trial.requests:
            assert sum(piece.duration_ns for piece in request.slices) == request.end_ns - request.start_ns
        assert trial.waiting_ns[UNATTRIBUTED] <= 0.1 * sum(trial.waiting_ns.values())
