"""What to ask a server next, and what its answers say: from ledgers made by hand."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from browserconc.analysis import capacity
from browserconc.model.outside import LocalServer, OutsideView, ServerView
from browserconc.model.server_row import Batch, Probed, Seen
from browserconc.model.timeline import Span, Track

MS = 1_000_000


def track(index: int, start: int, end: int, *, pid: int = 1, thread: str = "t") -> Track:
    span = Span("service", start * MS, end * MS)
    facts = {"pid": pid, "thread": thread}
    return Track("ledger", str(index), "/slow", (span,), local_port=index, facts=facts)


def staircase(width: int, requests: int, *, pid: int = 1, first: int = 0) -> list[Track]:
    return [
        track(first + n, 400 * (n // width), 400 * (n // width) + 400, pid=pid, thread=f"t{n % width}")
        for n in range(requests)
    ]


def seen(requests: int, tracks: list[Track]) -> Seen:
    return Seen(Batch(requests, 400 * MS), tuple(tracks))


def probed(one: Seen, *, stated: int | None, processes: int = 1, model: str = "threads") -> Probed:
    return Probed(
        "s", model, stated, backlog=5, processes=processes, seen=(one,), keep_alive=True, silent={1: False}
    )


@settings(deadline=None)  # a machine that others use may take a second for it
@given(st.integers(1, 40), st.integers(0, 20))
def test_a_staircase_s_width_is_measured(width: int, more: int) -> None:
    requests = 2 * width + 4 + more
    one = seen(requests, staircase(width, requests))
    assert capacity.next_batch(width, 1, [one]) is None
    assert capacity.row(probed(one, stated=width)).measured == width


def test_the_first_batch_is_wide_enough() -> None:
    assert capacity.next_batch(1, 1, []) == Batch(12, 150 * MS)
    four = capacity.next_batch(8, 2, [])
    assert four is not None
    assert four.requests == 20
    unlimited = capacity.next_batch(None, 1, [])
    assert unlimited is not None
    assert unlimited.requests == 200


def test_all_at_once_is_no_limit_seen() -> None:
    one = seen(200, staircase(200, 200))
    row = capacity.row(probed(one, stated=None))
    assert (row.measured, row.probed_up_to) == (None, 200)
    assert "No limit seen up to 200: a thread for each connection" in row.sentence


def test_a_process_that_was_never_full_is_asked_again() -> None:
    uneven = [*staircase(4, 18, pid=1), *staircase(2, 2, pid=2, first=18)]
    again = capacity.next_batch(8, 2, [seen(20, uneven)])
    assert again is not None
    assert again.requests == 40
    even = [*staircase(4, 11, pid=1), *staircase(4, 9, pid=2, first=11)]
    assert capacity.next_batch(8, 2, [seen(20, even)]) is None


def test_a_process_that_took_nothing_is_asked_again() -> None:
    assert capacity.next_batch(8, 2, [seen(20, staircase(4, 20))]) is not None


def test_it_is_asked_three_times_at_most() -> None:
    assert capacity.next_batch(8, 2, [seen(20, staircase(4, 20))] * 3) is None


def test_requests_that_started_slowly_are_sent_again_with_longer_work() -> None:
    slow = seen(200, [track(n, 20 * n, 20 * n + 400) for n in range(200)])
    again = capacity.next_batch(None, 1, [slow])
    assert again == Batch(200, 800 * MS)


def test_a_server_that_keeps_less_than_it_states_is_named() -> None:
    row = capacity.row(probed(seen(12, staircase(1, 12)), stated=4))
    assert row.measured == 1
    assert "1 at once, though 4 is stated" in row.sentence


def test_what_blocked_coroutines_did_is_their_work_not_their_intervals() -> None:
    # All are entered at once and answered at the end, but their work was done one after the other.
    blocking = [track(n, n * 150, 600) for n in range(4)]
    assert capacity.together(blocking, 150 * MS) == 1.0


def test_nothing_seen_is_no_division_by_zero() -> None:
    assert capacity.together([], MS) is None
    assert capacity.at_once([]) == 0


def test_a_server_that_failed_has_a_sentence_and_no_figures() -> None:
    known = Probed("sanic:1", "event-loop", None, backlog=100, processes=1)
    row = capacity.failed(known, "sanic:1 needs the package sanic.")
    assert row.backlog == 100
    assert row.error == "sanic:1 needs the package sanic."
    assert row.measured is None
    assert row.keep_alive is None


def test_a_server_without_a_ledger_has_what_was_seen_from_outside() -> None:
    known = Probed("command:serve", "unknown", None, backlog=None, processes=1)
    view = OutsideView("GET", 12, 0, 40, 9, (), None, False, LocalServer(4, 5, None), 2)
    found = ServerView(3, "server-width", "server", ("One alone took 0.4 s", "3 each 0.4 s."), 400, ())
    row = capacity.from_outside(known, view, found, keep_alive=True)
    assert (row.measured, row.pids, row.threads, row.error) == (3, 4, 5, None)
    assert row.sentence == "One alone took 0.4 s. 3 each 0.4 s."


def test_a_server_of_which_nothing_is_sure_says_why() -> None:
    known = Probed("command:serve", "unknown", None, backlog=None, processes=1)
    view = OutsideView("GET", 12, 0, 40, 9, (), None, False, None, 2)
    found = ServerView(None, None, None, (), None, ("One request alone was not answered",))
    row = capacity.from_outside(known, view, found, keep_alive=False)
    assert (row.measured, row.sentence) == (None, "")
    assert row.error == "One request alone was not answered."
