"""What was seen: a Track is one request as one source saw it, a Timeline as all sources did.

All instants are integer nanoseconds of the one monotonic clock (`time.monotonic_ns`), which
Chromium's NetLog and CDP share on Linux.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

Fact = str | int | float | bool | None

_NOTHING: Mapping[str, Fact] = MappingProxyType({})


class Span(NamedTuple):  # a large log has millions of them, and a frozen dataclass is made in thrice the time
    """A named stretch of one request's life in one source, in that source's own words.

    `end_ns` is None where the source never saw the end (a log cut off, a request still running).
    An instant is a span that ends where it starts.
    """

    name: str
    start_ns: int
    end_ns: int | None
    detail: Mapping[str, Fact] = _NOTHING


@dataclass(frozen=True, slots=True)
class Track:
    """One request as one source saw it.

    `source` is the name of the file in `evidence/` that read it. `key` is unique within the
    source. `index` is the tab or client number, known to the client side only; `local_port` is
    the browser's or client's TCP port, which the server sees as the peer's, so it joins the two.
    `is_open` where a span never ended.
    """

    source: str
    key: str
    url: str
    spans: tuple[Span, ...]
    index: int | None = None
    local_port: int | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    is_open: bool = field(init=False, repr=False, compare=False)
    _first: Mapping[str, Span] = field(init=False, repr=False, compare=False)  # asked for dozens of times
    _ended_ns: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ends = [end_ns for _, _, end_ns, _ in self.spans if end_ns is not None]
        object.__setattr__(self, "is_open", len(ends) < len(self.spans))
        object.__setattr__(self, "_first", {span.name: span for span in reversed(self.spans)})
        object.__setattr__(self, "_ended_ns", max(ends, default=0))

    def ended_ns(self, last_ns: int) -> int:
        """When the last that is known of it was over; what `is_open` lasts until `last_ns` at least."""
        return max(self._ended_ns, last_ns) if self.is_open else self._ended_ns

    def span(self, name: str) -> Span | None:
        """The first span of that name, or None."""
        return self._first.get(name)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One request as all sources saw it, from `start_ns` (released) to `end_ns` (the client had it).

    `tracks` maps a source's name to its track; a source that did not see the request is absent.
    """

    index: int
    url: str
    start_ns: int
    end_ns: int
    status: int | None
    error: str | None
    tracks: Mapping[str, Track]
    local_port: int | None = None
    connection_reused: bool | None = None

    def span(self, source: str, name: str) -> Span | None:
        """The first span of that name in that source's track, or None."""
        track = self.tracks.get(source)
        return track.span(name) if track else None
