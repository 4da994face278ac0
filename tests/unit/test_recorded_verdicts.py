"""Real runs, recorded and pruned, are judged as they were understood: the analysis falls into this net.

A case that fails here shows that some change judges real browsers differently. If the new verdict is
the truth, say why in the commit that changes the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from browserconc import pipeline
from browserconc.model.finding import UNATTRIBUTED, Result

RECORDINGS = Path(__file__).parent.parent / "recordings"

CONCURRENT = ("concurrent", None, None, None)
CACHE_LOCK = ("serial", 1, "browser", "cache-lock")
SIX_PER_HOST = ("limited", 6, "browser", "host-limit")
FULL_QUEUE = ("serial", 1, "server", "accept-backlog")
THREE_STREAMS = ("limited", 3, "server", "h2-streams")
ONE_HANDSHAKE = ("serial", 1, "browser", "websocket-handshake")
UNDECIDED = ("undecided", None, None, None)


def busy(width: int) -> tuple[str, int, str, str]:
    """The server's own limit."""
    return "serial" if width == 1 else "limited", width, "server", "server-width"


VERDICTS = {
    "threaded": {
        "raw-socket": CONCURRENT,
        "tabs": CACHE_LOCK,
        "tabs-distinct": SIX_PER_HOST,
        "contexts": CONCURRENT,
    },
    "gunicorn-sync-4": {
        "raw-socket": busy(4),
        "tabs-distinct": busy(4),
        "contexts": busy(4),
        "raw-socket-gunicorn-sync-10": CONCURRENT,
    },
    "werkzeug-single": {
        "raw-socket": busy(1),
        "tabs": CACHE_LOCK,
        "tabs-distinct": busy(1),
        "tabs-hosts": busy(1),
        "contexts": busy(1),
        "raw-socket-werkzeug-threaded": CONCURRENT,
    },
    "werkzeug-single-more": {
        "incognito": CACHE_LOCK,
        "fetch": CACHE_LOCK,
        "fetch-distinct": busy(1),
        "no-cache": busy(1),
    },
    "werkzeug-single-processes": {"user-data-dirs": busy(1), "browsers": busy(1)},
    # Six event streams stay open, and the seventh tab gets none.
    "event-streams": {"raw-socket": CONCURRENT, "tabs": SIX_PER_HOST, "contexts": CONCURRENT},
    "websockets": {
        "raw-socket": CONCURRENT,
        "tabs": ONE_HANDSHAKE,
        "tabs-distinct": ONE_HANDSHAKE,
        "contexts": CONCURRENT,
    },
    "default-pool": {"tabs": CACHE_LOCK, "tabs-distinct": SIX_PER_HOST},
    "happy-eyeballs-v3": {"tabs": CACHE_LOCK, "tabs-distinct": SIX_PER_HOST},
    "trace-and-cdp": {"fetch-distinct": SIX_PER_HOST},
    "server-cpu": {"raw-socket": ("serial", 1, "server", "server-cpu")},
    "event-loop-blocked": {"raw-socket": ("serial", 1, "server", "event-loop-blocked")},
    "event-loop-free": {"raw-socket": CONCURRENT},
    # A silent connection for 2.5 s, and a backlog of five: both before a server of width one.
    "idle-connection": {"raw-socket": ("serial", 1, "server", "idle-connection")},
    "accept-backlog": {"raw-socket": ("serial", 1, "server", "accept-backlog")},
    "accept-backlog-browser": {"raw-socket": FULL_QUEUE, "contexts": FULL_QUEUE},
    # The same silence before a server with threads; the same computing, one at a time and together.
    "idle-connection-threaded": {"raw-socket": CONCURRENT},
    "computing-one-at-a-time": {
        "raw-socket": busy(1),
        "raw-socket-werkzeug-threaded": ("serial", 1, "server", "server-cpu"),
    },
    # Three streams for each HTTP/2 connection: a context has one of its own, and the cache lock comes first.
    "h2-streams": {
        "tabs": CACHE_LOCK,
        "tabs-distinct": THREE_STREAMS,
        "contexts": CONCURRENT,
        "fetch-distinct": THREE_STREAMS,
    },
    # Nine connections for navigations, six for fetch(). The cache lock lets all that waited for the first
    # navigation go together; with fetch() only the last pair overlaps.
    "firefox": {
        "raw-socket": CONCURRENT,
        "tabs": ("limited", 9, "browser", "cache-lock"),
        "tabs-distinct": ("limited", 9, "browser", "host-limit"),
        "contexts": CONCURRENT,
        "fetch": ("limited", 2, "browser", "cache-lock"),
        "fetch-distinct": SIX_PER_HOST,
    },
    # The lock gives up after 20 s; what then runs together is limited by the connections per host.
    "forum-thread": {"tabs": ("limited", 6, "browser", "cache-lock")},
}
"""By recording and trial: kind, limit, culprit, cause. Every browser left its network stack's log."""

WITHOUT_NETLOG = {
    "cdp": {
        "raw-socket": CONCURRENT,
        "tabs": UNDECIDED,
        "tabs-distinct": UNDECIDED,
        "contexts": CONCURRENT,
        "fetch": UNDECIDED,
    },
    "none": {
        "raw-socket": CONCURRENT,
        "tabs": UNDECIDED,
        "tabs-distinct": UNDECIDED,
        "contexts": CONCURRENT,
        "fetch": UNDECIDED,
    },
    "none-gunicorn-sync-4": {
        "raw-socket": busy(4),
        "tabs": UNDECIDED,
        "tabs-distinct": busy(4),
        "contexts": busy(4),
        "raw-socket-gunicorn-sync-10": CONCURRENT,
    },
}
ANSWERS = {
    "accept-backlog": (("accept-backlog", "raw-socket"), ("werkzeug-single", "raw-socket")),
    "event-loop-blocked": (("event-loop-blocked", "raw-socket"), ("event-loop-free", "raw-socket")),
    "h2-streams": (("h2-streams", "tabs-distinct"), ("h2-streams", "contexts")),
    "idle-connection": (("idle-connection", "raw-socket"), ("idle-connection-threaded", "raw-socket")),
    "server-cpu": (("server-cpu", "raw-socket"), ("computing-one-at-a-time", "raw-socket")),
    "server-width": (("gunicorn-sync-4", "raw-socket"), ("threaded", "raw-socket")),
}
"""For causes on the server's side: a trial of which each is the answer, and one that tempts and is not."""
EVERYTHING = VERDICTS | WITHOUT_NETLOG


@pytest.fixture(scope="module", params=EVERYTHING)
def run(request: pytest.FixtureRequest) -> tuple[str, Result]:
    return request.param, pipeline.analyze(RECORDINGS / request.param)


def test_verdicts_are_exact(run: tuple[str, Result]):
    name, result = run
    found = {
        trial.id: (trial.verdict.kind, trial.verdict.limit, trial.verdict.culprit, trial.verdict.cause)
        for trial in result.trials
    }
    assert found == EVERYTHING[name]


@pytest.mark.parametrize("cause", ANSWERS)
def test_a_cause_is_named_where_it_is_the_answer_and_not_elsewhere(cause: str):
    (answer, its_trial), (other, other_trial) = ANSWERS[cause]
    named = {t.id: t for t in pipeline.analyze(RECORDINGS / answer).trials}[its_trial]
    unnamed = {t.id: t for t in pipeline.analyze(RECORDINGS / other).trials}[other_trial]
    assert named.verdict.cause == cause
    assert named.waiting_ns[cause] > 0
    assert unnamed.verdict.cause != cause
    assert cause not in unnamed.waiting_ns


def test_slices_partition_every_request_exactly(run: tuple[str, Result]):
    for trial in run[1].trials:
        assert len(trial.requests) == trial.tabs
        for request in trial.requests:
            reached_ns = request.start_ns
            for piece in request.slices:
                assert piece.start_ns == reached_ns
                reached_ns = piece.end_ns
            assert reached_ns == request.end_ns


def test_every_request_is_found_at_the_server(run: tuple[str, Result]):
    for trial in run[1].trials:
        answered = [request for request in trial.requests if request.error is None]
        assert [request.index for request in answered if request.server is None] == []


def test_at_most_two_percent_of_the_waiting_is_unexplained(run: tuple[str, Result]):
    name, result = run
    for trial in result.trials:
        if name in VERDICTS or trial.strategy == "raw-socket":
            assert trial.waiting_ns[UNATTRIBUTED] <= 0.02 * sum(trial.waiting_ns.values()), trial.id


def test_the_cache_lock_explains_most_of_the_waiting_of_tabs_on_a_threaded_server():
    (tabs,) = (t for t in pipeline.analyze(RECORDINGS / "threaded").trials if t.strategy == "tabs")
    assert tabs.verdict.share >= 0.8


def test_the_forum_threads_answers_come_as_its_author_saw_them():
    (tabs,) = pipeline.analyze(RECORDINGS / "forum-thread").trials
    tens = sorted(round(request.end_ns / 10e9) for request in tabs.requests)
    assert tens == [1, 2, 3, 3, 3, 3, 3, 3, 4, 4]
    assert any("gave up after 20.0 s" in line for line in tabs.verdict.because)


@pytest.mark.parametrize("name", WITHOUT_NETLOG)
def test_undecided_says_why_and_what_to_do(name: str):
    undecided = [t for t in pipeline.analyze(RECORDINGS / name).trials if t.verdict.kind == "undecided"]
    for trial in undecided:
        why = trial.verdict.doubts[0]
        assert "repeat with --evidence netlog" in why
        assert ("stalled in the browser" if name == "cdp" else "the browser left no log") in why


def test_recordings_tell_nothing_of_the_machine_that_made_them():
    for folder in RECORDINGS.iterdir():
        for path in folder.rglob("*.json*") if folder.name in EVERYTHING else ():
            text = path.read_text()
            assert not any(part in text for part in ("/tmp", "/home", "/root", "user-data-dir=", "Users")), (
                path
            )
