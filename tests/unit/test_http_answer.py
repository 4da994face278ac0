"""An answer means the same wherever TCP cuts it, and nothing the server says is repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.lab.http_answer import (
    CLOSED_EARLY,
    CLOSED_INSIDE,
    INVALID,
    SWITCHED,
    Answer,
    Until,
)
from browserconc.lab.http_request import request
from browserconc.lab.workloads import WEBSOCKET_HEADERS

URL = "http://127.0.0.1:5000/slow?delay=0.5"
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"
CLOSE = b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + LENGTH
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
GARBAGE = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
BAD_HEADER = b"HTTP/1.1 200 OK\r\nSet Cookie: session=secret\r\n\r\n"
UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00"

Outcome = tuple[int | None, bool, str | None]
STREAMS: list[tuple[bytes, bool, Outcome]] = [
    (LENGTH, False, (200, True, None)),
    (CHUNKED, False, (404, True, None)),
    (CLOSE, True, (200, True, None)),
    (CONTINUE, False, (200, True, None)),
    (EMPTY, False, (204, True, None)),
    (b"", True, (None, False, CLOSED_EARLY)),
    (LENGTH[:-1], True, (200, False, CLOSED_INSIDE)),
    (CHUNKED[:-4], True, (404, False, CLOSED_INSIDE)),
    (LENGTH[:20], True, (None, False, CLOSED_INSIDE)),
    (b"HTTP/1.1 100 Continue\r\n\r\n", True, (None, False, CLOSED_INSIDE)),
    (GARBAGE, False, (None, False, INVALID)),
    (BAD_HEADER, False, (None, False, INVALID)),
    (UPGRADE, False, (None, False, INVALID)),
    (LENGTH[:-1], False, (200, False, None)),
]


def learn(pieces: list[bytes]) -> Outcome:
    answer = Answer(request(URL))
    for piece in pieces:
        answer.feed(piece)
    return answer.status, answer.finished, answer.error


@pytest.mark.parametrize(("stream", "closed", "expected"), STREAMS)
def test_every_cut_gives_the_same(stream: bytes, closed: bool, expected: Outcome) -> None:
    end = [b""] if closed else []
    assert learn([stream, *end] if stream else end) == expected
    for cut in range(1, len(stream)):
        assert learn([stream[:cut], stream[cut:], *end]) == expected, f"cut at {cut}"
    assert learn([stream[i : i + 1] for i in range(len(stream))] + end) == expected


@given(st.sampled_from([stream for stream, _, _ in STREAMS]), st.data())
def test_an_answer_is_finished_by_its_last_byte_and_not_before(stream: bytes, data: st.DataObject) -> None:
    answer = Answer(request(URL))
    cut = data.draw(st.integers(0, max(len(stream) - 1, 0)))
    if cut:
        answer.feed(stream[:cut])
    assert not answer.finished


@given(st.binary(min_size=1, max_size=400), st.booleans())
def test_no_bytes_raise_and_an_end_is_an_end(noise: bytes, after_a_head: bool) -> None:
    answer = Answer(request(URL))
    answer.feed(CHUNKED[:54] + noise if after_a_head else noise)
    answer.feed(b"")
    assert answer.over
    outcome = answer.status, answer.finished, answer.error
    answer.feed(LENGTH)
    assert outcome == (answer.status, answer.finished, answer.error)


def test_an_upgrade_that_was_asked_for_ends_the_answer() -> None:
    answer = Answer(request(URL, headers=[("Upgrade", "websocket"), ("Connection", "Upgrade")]))
    answer.feed(UPGRADE)
    assert (answer.finished, answer.error) == (False, SWITCHED)


def test_the_server_is_not_quoted() -> None:
    answer = Answer(request(URL))
    answer.feed(BAD_HEADER)
    assert "secret" not in str(answer.error)


def test_an_answer_to_head_has_no_body() -> None:
    answer = Answer(request(URL, method="HEAD"))
    answer.feed(LENGTH[:-5])
    assert (answer.finished, answer.status) == (True, 200)


def test_an_answer_to_a_request_with_a_body() -> None:
    answer = Answer(request(URL, method="POST", body=b"a=b"))
    answer.feed(LENGTH)
    assert (answer.finished, answer.status) == (True, 200)
    assert (b"content-length", b"5") in answer.headers


def fed(until: Until, *pieces: bytes) -> Answer:
    headers = WEBSOCKET_HEADERS if until == "switch" else ()
    answer = Answer(request("http://127.0.0.1/", headers=headers), until=until)
    for piece in pieces:
        answer.feed(piece)
    return answer


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def test_a_stream_is_there_with_its_first_event_and_comments_are_none():
    assert not fed("event", STREAM, b": open\n\n", b":\n\n").over
    assert fed("event", STREAM, b": open\n\nda", b"ta: ok\n", b"\n").finished
    assert fed("event", STREAM, b": open\n\n", b"").error == "the stream ended without an event"


def test_a_websocket_is_there_with_status_101_and_refused_with_any_other():
    switched = fed(
        "switch", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    )
    assert (switched.finished, switched.status, switched.error) == (True, 101, None)
    refused = fed("switch", b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    assert (refused.finished, refused.status, refused.error) == (
        False,
        403,
        "the server refused the WebSocket",
    )
