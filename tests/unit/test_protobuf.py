"""The wire format: what is written is read again, and no bytes do anything worse than WireError."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.evidence.protobuf import Message, WireError, field, fields, records, split, varint

NUMBERS = st.integers(1, (1 << 29) - 1)
VALUES = st.one_of(st.integers(0, (1 << 64) - 1), st.binary(max_size=300))


@given(message=st.lists(st.tuples(NUMBERS, VALUES)))
def test_a_message_is_read_as_it_was_written(message: list[tuple[int, int | bytes]]) -> None:
    assert list(fields(b"".join(field(number, value) for number, value in message))) == message


@given(data=st.binary(max_size=200))
def test_no_bytes_do_worse_than_a_wire_error(data: bytes) -> None:
    with suppress(WireError):
        list(fields(data))
    with suppress(WireError):
        varint(data, 0)
    with suppress(WireError):
        list(records(BytesIO(data), 1))
    with suppress(WireError):
        list(records(BytesIO(b"\x0a" + data), 1))


@given(messages=st.lists(st.binary(max_size=200)), rest=st.binary(max_size=20))
def test_a_stream_in_pieces_gives_the_same_messages(messages: list[bytes], rest: bytes) -> None:
    begun = field(1, rest + b".")[:-1]
    data = b"".join(field(1, message) for message in messages) + begun
    assert split(data, 1) == (messages, begun)
    assert list(records(BytesIO(data), 1)) == messages


def test_the_examples_of_the_specification() -> None:
    assert varint(b"\x96\x01", 0) == (150, 2)
    assert list(fields(b"\x08\x96\x01")) == [(1, 150)]
    assert list(fields(b"\x12\x07testing")) == [(2, b"testing")]
    assert list(fields(b"\x0d\x01\x00\x00\x00\x11\x02" + bytes(7))) == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    "bad",
    [b"\x08", b"\x08\x80", b"\x08" + b"\xff" * 9 + b"\x02", b"\x12\x05abc", b"\x0d\x01", b"\x0b", b"\x0f"],
)
def test_what_is_no_message_is_refused(bad: bytes) -> None:
    with pytest.raises(WireError):
        list(fields(bad))


def test_a_field_of_the_wrong_type_is_absent() -> None:
    message = Message(field(1, b"text") + field(2, 5) + field(2, 6) + field(3, b"\xff"))
    assert (message.number(1), message.number(2), message.number(9, 4)) == (0, 6, 4)
    assert (message.text(1), message.text(2), message.text(3)) == ("text", None, "�")
    assert list(message.messages(2)) == []
