"""What raw sockets that stay open say of a server."""

import pytest

from browserconc.analysis.held_open import judge
from browserconc.model.timeline import Span, Track

MS = 1_000_000
LATE = "no complete answer within 5 s"


def stream(opened_ms: int | None, *, status: int | None = 200, error: str | None = None) -> Track:
    end = None if opened_ms is None else opened_ms * MS
    facts = {"status": status if opened_ms is not None else None, "error": error}
    return Track("client", "0", "http://127.0.0.1:8000/events", (Span("request", 0, end),), facts=facts)


def test_a_server_that_opens_all_of_them_has_no_limit_up_to_so_many():
    found = judge([stream(2 + number) for number in range(7)], "event streams")
    assert (found.cause, found.limit, found.parallel_up_to) == (None, None, 7)


@pytest.mark.parametrize("opened", [1, 2, 6])
def test_those_that_wait_while_others_stay_open_show_the_width(opened: int):
    found = judge(
        [*(stream(5) for _ in range(opened)), *(stream(None, error=LATE) for _ in range(7 - opened))],
        "event streams",
    )
    assert (found.culprit, found.cause, found.limit) == ("server", "server-width", opened)
    assert found.doubts  # it may not have noticed yet that the one before is gone


def test_handshakes_one_after_another_are_a_limit_of_one():
    found = judge([stream(200 * (number + 1), status=101) for number in range(4)], "WebSockets")
    assert (found.cause, found.limit) == ("server-width", 1)


@pytest.mark.parametrize(
    "tracks",
    [
        [stream(5), stream(6, status=503), stream(5)],
        [stream(None, error=LATE), stream(None, error=LATE)],
        [stream(5), stream(None, error="connection refused")],
        [stream(100), stream(110), stream(240)],
        [stream(60), stream(120), stream(180)],
    ],
    ids=["refused", "none", "failed", "late", "short"],
)
def test_what_is_not_clear_is_a_doubt_and_no_limit(tracks: list[Track]):
    found = judge(tracks, "event streams")
    assert (found.cause, found.limit, found.parallel_up_to) == (None, None, None)
    assert found.doubts
