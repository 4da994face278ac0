"""One event of Chromium's network stack, whichever way it came out of the browser.

`evidence/netlog.py` reads events from a NetLog file, `evidence/nettrace.py` from a CDP trace;
everything after that is the same.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Phase = Literal["BEGIN", "END", "NONE"]


class Event(Struct, frozen=True, gc=False):
    """An event under the names that Chromium's own constants give it; there are millions of them.

    `time_ns` is CLOCK_MONOTONIC, in steps of 1 ms from a file and 1 us from a trace. `source_id`
    is unique within one browser run; `source_type` is a name such as "URL_REQUEST" or "SOCKET".
    """

    time_ns: int
    type: str
    phase: Phase
    source_id: int
    source_type: str
    params: dict[str, Any]


_REDACTED = " (credentials redacted)"


def address(url: object) -> str:
    """A URL as an event has it, without what Chromium (156) says behind it where it left a password out."""
    return str(url).removesuffix(_REDACTED)


def dependency(event: Event) -> int | None:
    """The id of the source that this event names as the one it depends on."""
    source = event.params.get("source_dependency")
    value = source.get("id") if isinstance(source, dict) else None
    return value if isinstance(value, int) else None
