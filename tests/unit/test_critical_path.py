"""What a load waited for, by the chain of its requests."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis.critical_path import LONGEST_OWN_NS, along, critical_path
from browserconc.analysis.lock_holders import handed_on
from browserconc.model.finding import SERVICE, UNATTRIBUTED, RequestFinding, Slice

MS = 1_000_000


def request(index: int, start_ms: int, end_ms: int, *slices: tuple[str, int, int]) -> RequestFinding:
    pieces = slices or ((SERVICE, start_ms, end_ms),)
    return RequestFinding(
        index=index,
        url=f"http://127.0.0.1/{index}",
        status=200,
        error=None,
        start_ns=start_ms * MS,
        end_ns=end_ms * MS,
        local_port=None,
        connection_reused=None,
        server=None,
        slices=tuple(Slice(cause, begin * MS, end * MS) for cause, begin, end in pieces),
    )


def indexes(path: tuple[RequestFinding, ...]) -> list[int]:
    return [one.index for one in path]


def test_it_leads_from_the_document_to_what_ended_last():
    document, quick, slow = request(0, 5, 20), request(1, 25, 60), request(2, 25, 525)
    assert indexes(critical_path([document, quick, slow], 0, 530 * MS)) == [0, 2]


def test_a_request_that_began_while_the_document_was_still_coming_was_named_by_it():
    document, image = request(0, 5, 800), request(1, 100, 900)
    path = critical_path([document, image], 0, 900 * MS)
    assert indexes(path) == [0, 1]
    slices = along(path, 0, 900 * MS)
    assert [(piece.start_ns, piece.end_ns) for piece in slices[1:]] == [
        (5 * MS, 100 * MS),
        (100 * MS, 900 * MS),
    ]


def test_one_after_another_is_a_chain():
    chain = [request(0, 0, 100), request(1, 105, 200), request(2, 210, 300)]
    assert indexes(critical_path(chain, 0, 300 * MS)) == [0, 1, 2]


def test_what_ended_after_the_load_did_not_hold_it_up():
    document, analytics = request(0, 0, 100), request(1, 50, 5_000)
    assert indexes(critical_path([document, analytics], 0, 110 * MS)) == [0]


def test_of_a_load_that_never_ended_it_is_what_was_still_going_on():
    document = request(0, 0, 100)
    stalled = request(1, 120, 8_000, ("host-limit", 120, 8_000))
    path = critical_path([document, stalled], 0, 8_000 * MS)
    assert indexes(path) == [0, 1]
    assert along(path, 0, 8_000 * MS)[-1].cause == "host-limit"


def test_a_page_that_does_nothing_for_long_is_an_open_question():
    document = request(0, 0, 100)
    end_ns = 100 * MS + LONGEST_OWN_NS + MS
    assert along(critical_path([document], 0, end_ns), 0, end_ns)[-1].cause == UNATTRIBUTED


instants = st.tuples(st.integers(0, 2_000), st.integers(1, 2_000))


@given(st.lists(instants, max_size=8), st.integers(1, 4_000))
def test_the_partition_is_exact_whatever_the_requests(spans: list[tuple[int, int]], end_ms: int):
    requests = [request(index, start, start + length) for index, (start, length) in enumerate(spans)]
    slices = along(critical_path(requests, 0, end_ms * MS), 0, end_ms * MS)
    assert slices[0].start_ns == 0
    assert slices[-1].end_ns == end_ms * MS
    assert all(one.end_ns == other.start_ns for one, other in pairwise(slices))


def test_who_waits_for_a_lock_waits_for_what_its_holder_waits_for():
    holder = request(0, 0, 900, ("host-limit", 0, 400), (SERVICE, 400, 900))
    waiter = request(1, 0, 1_400, ("cache-lock", 0, 900), (SERVICE, 900, 1_400))
    same = [replace(one, url="http://127.0.0.1/same") for one in (holder, waiter)]
    _, found = handed_on(same, {"host-limit", "cache-lock"})
    assert [(piece.cause, piece.start_ns // MS, piece.end_ns // MS) for piece in found.slices] == [
        ("host-limit", 0, 400),
        ("cache-lock", 400, 900),
        (SERVICE, 900, 1_400),
    ]


def test_a_lock_of_another_address_passes_nothing_on():
    holder = request(0, 0, 900, ("host-limit", 0, 400), (SERVICE, 400, 900))
    waiter = request(1, 0, 1_400, ("cache-lock", 0, 900), (SERVICE, 900, 1_400))
    assert handed_on([holder, waiter], {"host-limit"})[1] == waiter
