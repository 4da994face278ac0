"""Causes on the server's side, from ledgers made by hand: what each takes for its own, and what not."""

from __future__ import annotations

from browserconc.model.timeline import Span, Track
from tests.unit.cases import MS, client, judged, ledger

LOOP = {"server_model": "event-loop"}


def sleeping(count: int, service: int = 500) -> list:
    return [t for n in range(count) for t in (client(n, service, send=1), ledger(n, 2, service))]


def test_handlers_that_compute_together_share_a_core() -> None:
    # Ten handlers of 0.5 s of CPU time in one process: all are inside together, for five seconds.
    tracks = sleeping(10, 5000)
    found = judged(tracks, server="werkzeug-threaded", stated=None, facts={"server_cpu_ns": 5000 * MS})
    assert found.concurrency.sustained == 10
    assert (found.verdict.kind, found.verdict.limit) == ("serial", 1)
    assert (found.verdict.culprit, found.verdict.cause) == ("server", "server-cpu")
    assert found.verdict.share > 0.9
    for request in found.requests:
        assert sum(piece.duration_ns for piece in request.slices) == request.end_ns - request.start_ns


def test_handlers_that_compute_are_no_queue() -> None:
    tracks = sleeping(10, 5000)
    found = judged(tracks, server="gunicorn-gthread:1x10", stated=10, facts={"server_cpu_ns": 5000 * MS})
    assert found.verdict.cause == "server-cpu"
    assert "server-width" not in found.waiting_ns


def test_handlers_that_sleep_use_no_core() -> None:
    found = judged(sleeping(10), server="werkzeug-threaded", stated=None, facts={"server_cpu_ns": 40 * MS})
    assert found.verdict.kind == "concurrent"


def test_a_hundred_sleepers_use_much_cpu_time_and_still_sleep() -> None:
    found = judged(sleeping(100), server="werkzeug-threaded", stated=None, facts={"server_cpu_ns": 400 * MS})
    assert found.verdict.kind == "concurrent"


def test_computing_in_a_process_of_its_own_shares_nothing() -> None:
    tracks = [t for n in range(4) for t in (client(n, 510, send=1), ledger(n, 2, 505, pid=n))]
    found = judged(tracks, server="gunicorn-sync:4", stated=4, facts={"server_cpu_ns": 2000 * MS})
    assert found.verdict.kind == "concurrent"


def test_without_the_server_s_cpu_time_nobody_says_that_it_computed() -> None:
    found = judged(sleeping(10, 5000), server="werkzeug-threaded", stated=None)
    assert "server-cpu" not in found.waiting_ns


def back_to_back(count: int) -> list:
    tracks = []
    for n in range(count):
        tracks += [client(n, 500 * (n + 1) + 5, send=1), ledger(n, 500 * n + 2, 500 * (n + 1))]
    return tracks


def test_a_coroutine_that_blocks_stops_the_loop() -> None:
    found = judged(back_to_back(6), server="uvicorn", stated=None, facts=LOOP)
    assert (found.verdict.kind, found.verdict.limit) == ("serial", 1)
    assert (found.verdict.culprit, found.verdict.cause) == ("server", "event-loop-blocked")
    assert found.verdict.share > 0.9


def test_answers_that_are_sent_late_do_not_hide_the_block() -> None:
    # hypercorn enters the next request before it has sent the answer of the one before.
    tracks = []
    for n in range(6):
        tracks += [client(n, 3010, send=1), ledger(n, 500 * n + 2, 3000)]
    found = judged(tracks, server="hypercorn-h2", stated=None, facts=LOOP)
    assert found.verdict.cause == "event-loop-blocked"
    assert found.verdict.limit == 1


def test_a_loop_that_is_free_takes_all() -> None:
    found = judged(sleeping(6), server="uvicorn", stated=None, facts=LOOP)
    assert found.verdict.kind == "concurrent"


def test_threads_that_run_back_to_back_are_no_event_loop() -> None:
    found = judged(back_to_back(6), server="werkzeug-single", stated=1, facts={"server_model": "single"})
    assert found.verdict.cause == "server-width"


def test_a_loop_that_was_idle_while_requests_waited_was_not_blocked() -> None:
    tracks = []
    for n in range(4):  # a second between any two: whatever it did, it was inside no request
        tracks += [client(n, 1500 * (n + 1) + 5, send=1), ledger(n, 1500 * n + 2, 1500 * n + 502)]
    found = judged(tracks, server="uvicorn", stated=None, facts=LOOP)
    assert found.verdict.cause is None


SINGLE = {"server_model": "single"}


def silence(accepted: int, *, pid: int = 7) -> Track:
    span = Span("accept", accepted * MS, accepted * MS)
    return Track("ledger", "silent", "", (span,), local_port=50000, facts={"pid": pid})


def late(count: int, first: int) -> list[Track]:
    """One after the other, the first of them late."""
    tracks = []
    for n in range(count):
        begin = first + 500 * n
        tracks += [client(n, begin + 505, send=1), ledger(n, begin, begin + 500)]
    return tracks


def test_a_silent_connection_holds_a_single_worker() -> None:
    found = judged([*late(3, 4000), silence(0)], server="werkzeug-single", facts=SINGLE)
    assert found.verdict.kind == "serial"
    assert (found.verdict.culprit, found.verdict.cause) == ("server", "idle-connection")
    assert found.waiting_ns["idle-connection"] > 3 * 3900 * MS


def test_the_same_wait_without_a_silent_connection_is_unexplained() -> None:
    found = judged(late(3, 4000), server="werkzeug-single", facts=SINGLE)
    assert "idle-connection" not in found.waiting_ns
    assert found.waiting_ns["unattributed"] > 3 * 3000 * MS


def test_a_silent_connection_of_another_process_holds_nobody() -> None:
    found = judged([*late(3, 4000), silence(0, pid=8)], server="gunicorn-sync:2", stated=2, facts=SINGLE)
    assert "idle-connection" not in found.waiting_ns


def test_a_silent_connection_to_a_server_with_threads_holds_nobody() -> None:
    found = judged([*sleeping(6), silence(0)], server="werkzeug-threaded", stated=None)
    assert found.verdict.kind == "concurrent"


def test_a_silent_connection_that_came_later_held_nobody() -> None:
    found = judged([*back_to_back(4), silence(1990)], server="werkzeug-single", facts=SINGLE)
    assert found.verdict.cause == "server-width"


def connecting(index: int, connected: int, *, retransmits: int) -> list[Track]:
    spans = (
        Span("released", 0, 0),
        Span("connect", 0, connected * MS),
        Span("send", connected * MS, connected * MS),
        Span("request", 0, (connected + 500) * MS),
    )
    facts = {"status": 200, "error": None, "retransmits": retransmits}
    mine = Track(
        "client", str(index), "http://127.0.0.1:5000/slow?delay=0.5", spans, index, 40000 + index, facts
    )
    return [mine, ledger(index, connected + 1, connected + 500)]


def test_a_syn_that_was_sent_again_found_the_accept_queue_full() -> None:
    tracks = [t for n in range(4) for t in connecting(n, 1, retransmits=0)]
    tracks += [t for n in range(4, 10) for t in connecting(n, 1020 if n < 7 else 3050, retransmits=1)]
    found = judged(tracks, strategy="raw-socket", server="werkzeug-threaded", stated=None)
    assert (found.verdict.culprit, found.verdict.cause) == ("server", "accept-backlog")
    assert found.verdict.limit == 4


def test_a_slow_connect_without_retransmission_is_connecting() -> None:
    tracks = [t for n in range(10) for t in connecting(n, 1020, retransmits=0)]
    found = judged(tracks, strategy="raw-socket", server="werkzeug-threaded", stated=None)
    assert "accept-backlog" not in found.waiting_ns
    assert found.waiting_ns["connection-setup"] > 0
