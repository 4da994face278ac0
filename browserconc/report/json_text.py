"""How a result or survey becomes JSON text and is read again, whatever its schema."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

_Format = TypeVar("_Format", bound=Struct)


class ResultError(Exception):
    """A text that is not a result, or not one that this version reads."""


def indented(whole: Struct) -> str:
    """The JSON text of these fields, ending with a newline."""
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def decoded(text: str | bytes, schema: str, format: type[_Format]) -> _Format:
    """The fields of a text of that schema, which may have further ones.

    Raises:
        ResultError: no JSON, or a field that is missing or of another type.
    """
    try:
        return msgspec.json.decode(text, type=format)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise ResultError(f"This is not a {schema} ({problem}).") from problem
