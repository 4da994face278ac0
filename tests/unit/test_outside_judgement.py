"""What is said of a server is true or undecided, whatever its width and however much the machine scatters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browserconc.analysis.outside import judge
from browserconc.analysis.outside_plan import next_experiment
from browserconc.model.outside import LocalServer
from tests.unit.outside_servers import Server, examined

WIDTHS = st.integers(1, 16)
SERVICES = st.floats(50, 3000)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(WIDTHS, SERVICES, st.floats(0, 0.15), st.integers(0, 10**6))
def test_a_width_is_told_exactly(width: int, service_ms: float, scatter: float, seed: int) -> None:
    server = Server(service_ms, width=width, scatter=scatter, seed=seed)
    view, found = examined(server, deadline_s=600)
    if found.parallel_up_to is not None:
        assert 10 <= found.parallel_up_to <= width
    else:
        assert (found.cause, found.limit) == ("server-width", width)
    assert len(view.rounds) < 14


@settings(max_examples=200, deadline=None, derandomize=True)
@given(WIDTHS, SERVICES, st.floats(0, 0.5), st.floats(0, 2), st.integers(0, 10**6))
def test_a_very_uneven_machine_gives_no_other_width_without_a_doubt(
    width: int, service_ms: float, scatter: float, straggle: float, seed: int
) -> None:
    server = Server(service_ms, width=width, scatter=scatter, straggle=straggle, seed=seed)
    _, found = examined(server, deadline_s=600)
    if found.parallel_up_to is not None:
        assert found.parallel_up_to <= width or found.doubts
    elif found.limit is not None and found.limit != width:
        assert found.cause == "server-width"
        assert found.limit < width
        assert found.doubts


@given(SERVICES, st.floats(0, 0.3), st.integers(0, 10**6))
def test_without_a_limit_nothing_is_found(service_ms: float, scatter: float, seed: int) -> None:
    view, found = examined(Server(service_ms, scatter=scatter, seed=seed))
    assert (found.cause, found.limit) == (None, None)
    assert found.parallel_up_to is not None
    assert found.parallel_up_to >= 10
    assert sum(one.experiment.name == "together" for one in view.rounds) <= 2


@given(st.floats(50, 1500), st.floats(0, 0.2), st.integers(0, 10**6))
def test_a_lock_on_the_session(service_ms: float, scatter: float, seed: int) -> None:
    server = Server(service_ms, lock="cookie", sets_cookies=True, scatter=scatter, seed=seed)
    _, found = examined(server)
    assert (found.cause, found.limit, found.culprit) == ("session-lock", 1, "server")


@given(st.floats(50, 1500), st.integers(0, 10**6))
def test_a_lock_behind_a_login_is_undecided(service_ms: float, seed: int) -> None:
    server = Server(service_ms, lock="cookie", sets_cookies=True, login=True, seed=seed)
    _, found = examined(server)
    assert (found.cause, found.limit) == (None, 1)
    assert "a lock on the session" in found.doubts[0]


@given(st.floats(50, 1500), st.floats(0, 0.2), st.integers(0, 10**6))
def test_equal_requests_that_wait_for_each_other(service_ms: float, scatter: float, seed: int) -> None:
    _, found = examined(Server(service_ms, lock="url", scatter=scatter, seed=seed))
    assert (found.cause, found.limit) == ("proxy-coalesce", 1)


@given(st.floats(50, 1500), st.integers(0, 10**6))
def test_equal_requests_that_share_one_answer(service_ms: float, seed: int) -> None:
    _, found = examined(Server(service_ms, lock="url", merges=True, seed=seed))
    assert (found.cause, found.limit) == ("proxy-coalesce", 1)


@given(st.integers(1, 8), st.floats(50, 1500), st.integers(0, 10**6))
def test_refusals(places: int, service_ms: float, seed: int) -> None:
    _, found = examined(Server(service_ms, places=places, seed=seed))
    if found.parallel_up_to is None:  # so many may never have been sent at once
        assert (found.cause, found.limit) == ("rate-limit", places)
    else:
        assert found.parallel_up_to <= places


@given(st.floats(60, 250), st.floats(0.05, 0.54) | st.floats(2, 6), st.integers(0, 10**6))
def test_requests_that_are_let_through_at_a_rate(service_ms: float, part: float, seed: int) -> None:
    _, found = examined(Server(service_ms, rate_ms=service_ms * part, seed=seed))
    if found.parallel_up_to is None:
        assert found.cause in ("rate-limit", None)
        assert found.cause or found.doubts


@pytest.mark.parametrize("part", [0.25, 1 / 3, 0.5])
def test_a_rate_that_looks_like_a_staircase_is_asked_about_again(part: float) -> None:
    """Nginx' limit_req of four a second before answers that take half a second."""
    _, found = examined(Server(500, rate_ms=500 * part))
    assert (found.cause, found.limit) == ("rate-limit", None)


@settings(max_examples=60, deadline=None)
@given(WIDTHS, SERVICES, st.floats(1, 30))
def test_time_that_runs_out_is_undecided_or_true(width: int, service_ms: float, deadline_s: float) -> None:
    _, found = examined(Server(service_ms, width=width), deadline_s=deadline_s)
    if found.limit is None and found.parallel_up_to is None:
        assert found.doubts
    elif found.limit is not None:
        assert found.limit == width
    else:
        assert found.parallel_up_to <= width


def test_of_a_server_that_does_not_answer_nothing_is_said() -> None:
    view, found = examined(Server(), deadline_s=0.001)
    assert judge(view) == found
    assert (found.cause, found.limit, found.parallel_up_to) == (None, None, None)
    assert found.doubts


@pytest.mark.parametrize("most", [1, 3, 4])
def test_a_server_that_is_to_be_spared_is_never_asked_for_more(most: int) -> None:
    server = Server(width=2)
    view, _ = examined(server, deadline_s=0.001)
    view = replace(view, rounds=(), elapsed_ns=0, deadline_ns=10**11, most_clients=most)
    for _ in range(20):
        if (question := next_experiment(view)) is None:
            break
        assert question.clients <= most
        assert question.silent <= most
        view = replace(view, rounds=(*view.rounds, server.asked(question)))


@pytest.mark.parametrize("width", [2, 4, 8, 16, 24])
@pytest.mark.parametrize("seed", range(20))
def test_of_many_workers_that_accept_unevenly_all_are_named_or_at_least_so_many(
    seed: int, width: int
) -> None:
    _, found = examined(Server(500, width=width, uneven=True, sets_cookies=True, seed=seed))
    assert found.cause in (None, "server-width")
    if found.limit is not None:
        assert found.limit == width
    elif found.at_least is not None:
        assert 0.6 * width <= found.at_least <= width
        assert found.doubts[0].startswith(f"At least {found.at_least} run at once")


def test_where_every_process_was_seen_to_work_none_is_overlooked() -> None:
    """PHP's twelve workers and their parent, which works as well, all of a single thread."""
    seen = LocalServer(processes=13, threads=13, loops=0)
    for seed in range(30):
        view, found = examined(Server(500, width=13, uneven=True, seed=seed))
        if found.at_least == 13:
            assert judge(replace(view, local=seen)).limit == 13
            assert judge(replace(view, local=replace(seen, processes=14, threads=14))).limit is None
            break
    else:
        raise AssertionError("no such round")


def test_a_lock_on_the_session_behind_workers_that_accept_unevenly() -> None:
    found = []
    for seed in range(30):
        server = Server(500, width=17, uneven=True, lock="cookie", sets_cookies=True, seed=seed)
        found.append(examined(server)[1].cause)
    assert set(found) <= {"session-lock", None}, found
    assert found.count("session-lock") >= 20, found  # PHP's workers: three requests may all be one's


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 12), st.floats(50, 800), st.integers(0, 10**6))
def test_uneven_workers_are_no_lock(width: int, service_ms: float, seed: int) -> None:
    server = Server(service_ms, width=width, uneven=True, sets_cookies=True, seed=seed)
    assert examined(server)[1].cause not in ("session-lock", "proxy-coalesce")


def test_one_that_was_refused_alone_is_no_measure_of_the_work() -> None:
    view, _ = examined(Server(300, places=3))
    alone = [one for one in view.rounds if one.experiment.name == "alone"]
    quick = replace(alone[0].answers[0], status=429, done_ns=alone[0].answers[0].sent_ns)
    refused = replace(alone[0], answers=(quick,))
    found = judge(replace(view, rounds=(refused, *view.rounds)))
    assert (found.cause, found.limit, found.service_ns) == ("rate-limit", 3, 300_000_000)
