"""Logs of real browsers at a limit, and of the same work a little short of it: which cause is named.

Recorded with Chromium 156 on loopback and pruned (`tests/recordings/prune.py`); the pools' random part
was off, so that their sizes are known.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from browserconc.explanation import Choice, explain
from browserconc.model.finding import TrialFinding

LOGS = Path(__file__).parent.parent / "recordings" / "logs"
CONCURRENT = ("concurrent", None, None, None)

ANSWERS = {
    "websocket-handshake": ("serial", 1, "browser", "websocket-handshake"),
    "websocket-limit": ("limited", 256, "browser", "websocket-limit"),
    "pool-limit": ("limited", 256, "browser", "pool-limit"),
    "proxy-limit": ("limited", 128, "browser", "proxy-limit"),
    "load-throttle": ("limited", 10, "browser", "load-throttle"),
    "event-streams": ("limited", 6, "browser", "host-limit"),
    # An address in vain only takes time; it holds nobody back.
    "localhost-ipv6": CONCURRENT,
}
"""By log: kind, limit, culprit, cause. For each but one there is a log in which it is not the answer."""

NOT_THE_ANSWER = [
    "websocket-handshake-not",  # six handshakes with six addresses
    "pool-limit-not",  # twenty hosts
    "proxy-limit-not",  # twenty hosts through a proxy
    "load-throttle-not",  # fetch() instead of images
    "event-streams-not",  # five streams and a navigation
    "localhost-ipv6-not",  # ::1 refuses
]


def page(name: str) -> TrialFinding:
    """The page that asked; the browser's own requests are pruned away."""
    (trial,) = explain(LOGS / f"{name}.json.gz", Choice()).trials
    return trial


def verdict(trial: TrialFinding) -> tuple[str, int | None, str | None, str | None]:
    found = trial.verdict
    return found.kind, found.limit, found.culprit, found.cause


@pytest.mark.parametrize("name", ANSWERS)
def test_the_cause_is_named_with_its_limit(name: str):
    assert verdict(page(name)) == ANSWERS[name]


@pytest.mark.parametrize("name", NOT_THE_ANSWER)
def test_work_short_of_the_limit_is_concurrent(name: str):
    trial = page(name)
    assert verdict(trial) == CONCURRENT
    assert not any("lost up to" in doubt for doubt in trial.verdict.doubts)
    held = (
        "websocket-handshake",
        "websocket-limit",
        "pool-limit",
        "proxy-limit",
        "load-throttle",
        "host-limit",
    )
    assert sum(trial.waiting_ns.get(cause, 0) for cause in held) < 50_000_000


@pytest.mark.parametrize("name", [name for name, answer in ANSWERS.items() if answer != CONCURRENT])
def test_a_limit_is_counted_where_the_log_does_not_state_it(name: str, tmp_path: Path):
    whole = gzip.decompress((LOGS / f"{name}.json.gz").read_bytes())
    cut = tmp_path / "log.json"
    cut.write_bytes(whole.partition(b'"polledData"')[0])
    counted = {verdict(trial) for trial in explain(cut, Choice()).trials}
    assert counted == {ANSWERS[name]}


def test_the_streams_that_hold_the_connections_are_named():
    line = next(line for line in page("event-streams").verdict.because if "stay open" in line)
    assert line.startswith("6 connections were held all that time")
    assert all(f"/sse?n={number}" in line for number in range(6))
    assert explain(LOGS / "event-streams.json.gz", Choice()).conclusion.summary.endswith(line)


def test_time_lost_on_an_address_that_does_not_answer_is_said_and_attributed():
    trial = page("localhost-ipv6")
    assert any("lost up to 0.30 s because localhost is [::1]" in doubt for doubt in trial.verdict.doubts)
    assert trial.waiting_ns["localhost-ipv6"] > 0.9 * sum(trial.waiting_ns.values())


def test_a_page_whose_requests_are_intercepted_is_no_picture_of_what_users_get():
    doubts = page("interception").verdict.doubts
    assert any("All 3 navigations bypassed the HTTP cache" in doubt for doubt in doubts)
    assert not any("bypassed" in doubt for doubt in page("interception-not").verdict.doubts)


@pytest.mark.parametrize("name", [*ANSWERS, *NOT_THE_ANSWER, "client-serial"])
def test_no_other_page_is_said_to_be_intercepted(name: str):
    assert not any("bypassed" in doubt for doubt in page(name).verdict.doubts)


def test_navigations_that_never_overlap_are_noticed():
    trial = page("client-serial")
    assert verdict(trial) == CONCURRENT
    assert any("The 5 navigations went one after another" in doubt for doubt in trial.verdict.doubts)
    assert not any("one after another and" in doubt for doubt in page("interception-not").verdict.doubts)


def test_an_open_websocket_is_no_failed_request():
    trial = page("websocket-handshake")
    sockets = [request for request in trial.requests if request.url.startswith("ws:")]
    assert [(request.status, request.error) for request in sockets] == [(101, None)] * 6


def test_the_limits_that_were_hit_are_listed_with_their_numbers():
    for name, (_, limit, _, cause) in ANSWERS.items():
        network = explain(LOGS / f"{name}.json.gz", Choice()).network
        assert network
        hits = {hit.cause: hit.value for hit in network.limits}
        if cause in ("pool-limit", "proxy-limit", "host-limit", "websocket-limit"):
            assert hits[cause] == limit


def test_loads_of_one_page_that_were_throttled_are_one_line():
    network = explain(LOGS / "load-throttle.json.gz", Choice()).network
    assert network is not None
    (hit,) = [hit for hit in network.limits if hit.cause == "load-throttle"]
    assert hit.where == page("load-throttle").id
    assert hit.times > 1


def test_the_logs_tell_nothing_of_the_machine_that_made_them():
    for path in LOGS.iterdir():
        text = gzip.decompress(path.read_bytes()).decode()
        assert not any(part in text for part in ("/tmp", "/home", "/root", "user-data-dir=", "google")), path
