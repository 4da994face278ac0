"""Protocol-buffer wire format: the few lines of it that a Perfetto trace needs.

Knows varints and the four wire types, no message and no field; `nettrace.py` knows those. The
generated classes (PyPI `perfetto` with `protobuf`) would bring 1.7 MB of message definitions and a
compiled dependency for eleven messages, and cannot read a trace packet by packet.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_FIXED_SIZE = {FIXED64: 8, FIXED32: 4}
_VARINT_BITS = 64
_LONGEST_RECORD = 1 << 28
"""256 MiB: more than Perfetto's whole buffer, so a longer length is not a length."""

Value = int | bytes


class WireError(ValueError):
    """Bytes that are no protocol-buffer message."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned integer that starts at `at`, and where it ends.

    Raises:
        WireError: it is longer than 64 bits or not complete.
    """
    value = shift = 0
    while shift < _VARINT_BITS:
        try:
            byte = data[at]
        except IndexError:
            raise WireError("a number is cut off") from None
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> _VARINT_BITS:
                break
            return value, at
        shift += 7
    raise WireError("a number has more than 64 bits")


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Every field of a message in its order: number and value.

    A varint or fixed-size value is an unsigned integer; a string, a sub-message or a packed list is bytes.

    Raises:
        WireError: the bytes are no message.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = varint(message, at)
        wire_type = key & 7
        if wire_type == VARINT:
            value, at = varint(message, at)
            yield key >> 3, value
            continue
        start = at
        if wire_type == LENGTH:
            size, start = varint(message, at)
        elif wire_type in _FIXED_SIZE:
            size = _FIXED_SIZE[wire_type]
        else:
            raise WireError(f"wire type {wire_type} does not exist")
        at = start + size
        if at > end:
            raise WireError("a field is cut off")
        piece = message[start:at]
        yield key >> 3, piece if wire_type == LENGTH else int.from_bytes(piece, "little")


class Message:
    """A message's fields by number; one of the wrong wire type is absent, as the format wants it.

    Raises:
        WireError: the bytes are no message.
    """

    __slots__ = ("_numbers", "_pieces")

    def __init__(self, message: bytes) -> None:
        self._numbers: dict[int, int] = {}
        self._pieces: dict[int, list[bytes]] = {}
        for key, value in fields(message):
            if isinstance(value, int):
                self._numbers[key] = value
            else:
                self._pieces.setdefault(key, []).append(value)

    def number(self, key: int, default: int = 0) -> int:
        """A field's integer; the last one counts."""
        return self._numbers.get(key, default)

    def pieces(self, key: int) -> list[bytes]:
        """A repeated field's byte strings, each a sub-message or a text."""
        return self._pieces.get(key, [])

    def messages(self, key: int) -> Iterator[Message]:
        """A repeated field's sub-messages."""
        return map(Message, self.pieces(key))

    def text(self, key: int) -> str | None:
        """A field's string; bytes that are not UTF-8 become U+FFFD."""
        pieces = self.pieces(key)
        return pieces[-1].decode("utf-8", "replace") if pieces else None


def field(number: int, value: Value) -> bytes:
    """One field as bytes: an integer as a varint, bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3 | VARINT) + _varint(value)
    return _varint(number << 3 | LENGTH) + _varint(len(value)) + value


def records(stream: BinaryIO, number: int) -> Iterator[bytes]:
    """The messages of a file that is one repeated field, one by one; a last one cut off is left out.

    Raises:
        WireError: something else stands where such a message should start.
    """
    key = _varint(number << 3 | LENGTH)
    while head := stream.read(len(key)):
        if head != key[: len(head)]:
            raise WireError(f"no field {number} where one should start")
        size = _stream_varint(stream)
        if size is None:
            return
        if size > _LONGEST_RECORD:
            raise WireError(f"a message of {size} bytes")
        message = stream.read(size)
        if len(message) < size:
            return
        yield message


def split(data: bytes, number: int) -> tuple[list[bytes], bytes]:
    """The complete messages at the start of `data`, and the rest: `records` for a stream in pieces.

    Raises:
        WireError: something else stands where such a message should start.
    """
    buffer = BytesIO(data)
    messages, end = [], 0
    for message in records(buffer, number):
        messages.append(message)
        end = buffer.tell()
    return messages, data[end:]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _stream_varint(stream: BinaryIO) -> int | None:
    digits = b""
    while byte := stream.read(1):
        digits += byte
        if byte[0] < 0x80 or len(digits) > _VARINT_BITS // 7:
            return varint(digits, 0)[0]
    return None
