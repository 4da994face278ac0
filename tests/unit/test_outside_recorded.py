"""Real servers, examined on a busy machine and kept: each is judged as what it was started as."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pytest

from browserconc.analysis.outside import judge
from browserconc.analysis.outside_trial import as_client_saw, round_for
from browserconc.analysis.service import host_and_path
from browserconc.analysis.visit_verdict import judge_visit
from browserconc.analysis.visits import sent_by_client
from browserconc.model.cause import Evidence
from browserconc.model.finding import TrialFinding
from browserconc.model.outside import OutsideView

RECORDINGS = Path(__file__).parent.parent / "recordings" / "outside"
URL = "http://127.0.0.1:5000/"

TRUTH: dict[str, tuple[str | None, int | None]] = {
    "sync-1": ("server-width", 1),
    "sync-2": ("server-width", 2),
    "sync-4": ("server-width", 4),
    "gthread-4": ("server-width", 4),
    "gthread-2x4": ("server-width", 8),  # two workers that take connections up unevenly
    "waitress-1": ("server-width", 1),
    "waitress-4": ("server-width", 4),
    "short-queue": ("server-width", 1),  # it has to be asked again, but is never idle
    "proxied-sync-2": ("server-width", 2),
    "backlog": ("accept-backlog", 1),
    "backlog-threads": ("accept-backlog", None),
    "backlog-quick": ("accept-backlog", None),  # http.server: a backlog of five, answers within 1 ms
    "silent": ("idle-connection", 1),
    "login": (None, 1),  # a lock on the session, which cannot be shown without a second login
    "refusing": ("rate-limit", 4),
    "few": ("rate-limit", 2),
    "proxied": (None, None),
    "werkzeug": (None, None),
    "uvicorn": (None, None),
    "gevent": (None, None),
    "uvicorn-blocking": ("event-loop-blocked", 1),
    "uvicorn-blocking-2": ("event-loop-blocked", 2),
    "uvicorn-blocking-all-read": ("event-loop-blocked", 1),  # it had read all before the first one blocked
    "uvicorn-blocking-2-all-read": ("event-loop-blocked", 2),
    "uvicorn-cpu": ("event-loop-blocked", 1),
    "werkzeug-cpu": ("server-cpu", 1),
    "waitress-cpu": ("server-cpu", 1),
    "session": ("session-lock", 1),
    "busy": ("rate-limit", 3),
    "shaped": ("rate-limit", None),
    "shaped-a-little": (None, None),  # three a second, each of half a second: a lock inside looks like it
    "rate-per-cookie": (None, None),  # three a second for each cookie, each of half a second
    "sync-3-uneven-work": (None, None),  # 0.1 to 1.2 s at random
    "read-and-locked": ("server-width", 1),  # Django's threads, which wait for SQLite's write lock
    "coalesce": ("proxy-coalesce", 1),
    "coalesce-cached": ("proxy-coalesce", 1),
}
PARALLEL = ["werkzeug", "uvicorn", "gevent", "proxied"]


@cache
def recorded(name: str) -> OutsideView:
    return msgspec.json.decode((RECORDINGS / f"{name}.json").read_bytes(), type=OutsideView)


def test_every_recording_has_its_truth() -> None:
    assert {path.stem for path in RECORDINGS.iterdir()} == set(TRUTH)


@pytest.mark.parametrize("name", TRUTH)
def test_it_is_judged_as_what_it_was(name: str) -> None:
    found = judge(recorded(name))
    assert (found.cause, found.limit) == TRUTH[name]
    assert found.culprit == ("server" if found.cause else None)
    assert (found.parallel_up_to is not None) == (name in PARALLEL)
    assert found.because
    assert all(line.endswith(".") and "\n" not in line for line in (*found.because, *found.doubts))


@pytest.mark.parametrize("name", TRUTH)
def test_on_another_machine_less_is_known_and_nothing_else_said(name: str) -> None:
    view = recorded(name)
    rounds = tuple(replace(one, looks=(), cpu_ns=None, overflows=None) for one in view.rounds)
    found = judge(replace(view, local=None, rounds=rounds))
    assert (found.cause, found.limit) == TRUTH[name] or found.doubts
    if name.startswith("uvicorn-blocking"):
        assert found.cause == "server-width"
        assert TRUTH[name][1] in (found.limit, found.at_least)
    if name in PARALLEL:
        assert found.parallel_up_to


@pytest.mark.parametrize("name", TRUTH)
def test_it_holds_no_secret_and_no_address(name: str) -> None:
    text = (RECORDINGS / f"{name}.json").read_text()
    assert not any(word in text for word in ("sid=", 'cookie":"', "127.0.0.1", "/tmp", "http://"))


def as_trial(name: str, cause: str | None = None) -> TrialFinding:
    """Ten of the raw-socket requests as a trial, with what is known of the server."""
    view = recorded(name)
    server = judge(view)
    one = round_for(view, 10)
    assert one
    evidence = Evidence(
        id="raw-socket",
        strategy="raw-socket",
        server=None,
        server_stated=None,
        url=URL,
        tabs=10,
        delay_ns=None,
        repeat=1,
        released_ns=one.released_ns,
        ended_ns=one.released_ns,
        tracks=(),
        sources=frozenset({"client"}),
        facts={"server_cause": cause or server.cause, "server_limit": server.limit},
        alone_ns={host_and_path(URL): server.service_ns or 0},
    )
    return judge_visit(sent_by_client(as_client_saw(one, 10, evidence, url=URL)), None).finding


@pytest.mark.parametrize("name", ["session", "shaped", "coalesce"])
def test_as_a_trial_its_waiting_has_that_cause(name: str) -> None:
    found = as_trial(name)
    assert found.verdict.cause == TRUTH[name][0]
    assert found.verdict.culprit == "server"
    assert found.verdict.share > 0.8


@pytest.mark.parametrize("cause", ["session-lock", "rate-limit", "proxy-coalesce"])
def test_where_all_ran_at_once_none_of_these_is_named(cause: str) -> None:
    found = as_trial("werkzeug", cause)
    assert found.verdict.cause is None
    assert cause not in found.waiting_ns


INSIDE = {"read-and-locked", "waitress-1", "waitress-4", "proxied-sync-2"}
"""Read by the server before they could run."""


def test_requests_that_a_server_had_read_wait_inside_it() -> None:
    said = {
        name
        for name, (cause, _) in TRUTH.items()
        if cause == "server-width" and "had read" in " ".join(judge(recorded(name)).because)
    }
    assert said == INSIDE


def test_even_answers_that_may_be_a_rate_limit_or_a_lock_are_called_both() -> None:
    doubt = judge(recorded("shaped-a-little")).doubts[0]
    assert "3.0 per second" in doubt
    assert "lock" in doubt


def test_a_rate_for_each_visitor_is_not_called_a_session_lock() -> None:
    """A lock that is held for the whole request cannot let the next one through earlier than it ends."""
    doubt = judge(recorded("rate-per-cookie")).doubts[0]
    assert "one every 0.33 s" in doubt
    assert "rate limit for each visitor" in doubt


def test_work_that_differs_from_request_to_request_is_said_to_hide_the_number() -> None:
    doubt = judge(recorded("sync-3-uneven-work")).doubts[0]
    assert "alone took 0.12 s to 1.18 s" in doubt
    assert "cannot be seen" not in doubt
    assert sum("alone took" in each for each in judge(recorded("sync-3-uneven-work")).doubts) == 1
