"""Reads a HAR file: when each request was made and how long its phases took, as DevTools saw it.

DevTools writes the file from the same Network domain that `cdp.py` listens to, so its tracks bear
that source's name and tell the same: a request that was blocked may have waited for a cache entry,
for a connection or for its turn; a HAR does not know which. Bodies, cookies and headers are passed
over while decoding. Format: http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from browserconc.evidence.cdp import SOURCE
from browserconc.evidence.log_file import LogError
from browserconc.model.timeline import Span, Track

LARGEST_BYTES = 1 << 30
LEAST_NS = 1_000_000
"""Less is rounding."""
LONGEST_MS = 86_400_000.0
"""A phase longer than a day is a broken number."""
DOUBT = (
    "A HAR tells that a request was blocked, but not by what: the lock of a cache entry, the limit of "
    "connections per host or the page's own order look alike. A NetLog (chrome://net-export) tells."
)


class _Timings(Struct):
    blocked: float | None = None
    dns: float | None = None
    connect: float | None = None
    ssl: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None
    queueing: float | None = msgspec.field(default=None, name="_blocked_queueing")


class _Request(Struct):
    url: str
    method: str = "GET"


class _Response(Struct):
    status: int = 0
    error: str | None = msgspec.field(default=None, name="_error")


class _Entry(Struct):
    startedDateTime: str  # noqa: N815 (the format's own names)
    request: _Request
    response: _Response = msgspec.field(default_factory=_Response)
    timings: _Timings = msgspec.field(default_factory=_Timings)
    time: float | None = None
    pageref: str | None = None


class _Page(Struct):
    id: str
    title: str = ""


class _Log(Struct):
    entries: list[_Entry]
    pages: list[_Page] = []
    creator: dict[str, object] = {}


class _Har(Struct):
    log: _Log


def tracks(file: BinaryIO, path: Path) -> list[Track]:
    """One Track per entry, in the order of the file; instants are of the wall clock that wrote it.

    Raises:
        LogError: no HAR, cut off, or larger than a gigabyte.
    """
    content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise LogError(f"{path} is a HAR of more than a gigabyte; record fewer pages, or a NetLog.")
    try:
        log = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=_Har).log
        pages = {entry.pageref or "": entry.request.url for entry in reversed(log.entries)}
        pages |= {page.id: page.title for page in log.pages if page.title}
        return [_track(number, entry, pages) for number, entry in enumerate(log.entries)]
    except (ValueError, RecursionError, OverflowError) as problem:
        raise LogError(f"{path} is not a complete HAR ({str(problem)[:200]}); export it again.") from problem


def _track(number: int, entry: _Entry, pages: dict[str, str]) -> Track:
    asked_ns = round(datetime.fromisoformat(entry.startedDateTime).timestamp() * 1e6) * 1_000
    spans = list(_spans(asked_ns, entry))
    end_ns = max((span.end_ns or asked_ns for span in spans), default=asked_ns)
    spans.append(Span("request", asked_ns, max(end_ns, asked_ns + _ns(entry.time))))
    status = entry.response.status
    return Track(
        SOURCE,
        str(number),
        entry.request.url,
        tuple(spans),
        facts={
            "leg": 0,
            "method": entry.request.method,
            "status": status if 100 <= status <= 599 else None,
            "error": entry.response.error or None,
            "page": pages.get(entry.pageref or "") or entry.pageref,
        },
    )


def _spans(asked_ns: int, entry: _Entry) -> Iterator[Span]:
    """The phases one after another; TLS is the last part of connecting."""
    yield Span("asked", asked_ns, asked_ns)
    timings = entry.timings
    blocked_ns = _ns(timings.blocked) + _in_no_phase_ns(entry)
    if queued_ns := _ns(timings.queueing):
        yield Span("queued", asked_ns, asked_ns + queued_ns)
    reached_ns = asked_ns
    for name in ("blocked", "dns", "connect", "send", "wait", "receive"):
        length_ns = blocked_ns if name == "blocked" else _ns(getattr(timings, name))
        if length_ns or name in ("send", "wait"):
            yield Span(name, reached_ns, reached_ns + length_ns)
        reached_ns += length_ns
        if name == "connect" and (tls_ns := min(_ns(timings.ssl), length_ns)):
            yield Span("ssl", reached_ns - tls_ns, reached_ns)


def _in_no_phase_ns(entry: _Entry) -> int:
    """What the phases leave of the whole time; nobody says what the request waited for then.

    Playwright counts as `ssl`, even without TLS, what passed before the request was sent.
    """
    timings = entry.timings
    phases = (
        timings.blocked,
        timings.dns,
        timings.connect,
        timings.send,
        timings.wait,
        timings.receive,
    )
    left_ns = _ns(entry.time) - sum(map(_ns, phases))
    return left_ns if left_ns >= LEAST_NS else 0


def _ns(milliseconds: float | None) -> int:
    """A phase that did not happen is -1 or missing."""
    return round(milliseconds * 1e6) if milliseconds and 0 < milliseconds <= LONGEST_MS else 0
