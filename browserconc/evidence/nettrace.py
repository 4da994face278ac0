"""NetLog events from the Perfetto trace that `nettrace_capture.py` takes from a running browser.

The events are those of the NetLog file with microseconds instead of milliseconds, and the browser
needs no NetLog flag, so a browser that somebody else started can be observed too. What differs:

* An event before `start` is not in it; a socket opened before has no local port.
* An END carries no type; `nettrace_ends.py` finds it. One whose BEGIN was before `start` is left out.
* Polled state (the pools at the end) and constants are missing.

Chromium writes an event to the track `(base + source id) XOR root`; the root track is
`(base - 1) XOR process track`, and every track's descriptor names its parent, so the base follows
from the descriptors alone (net/log/trace_net_log_observer.cc). A Chromium before 138 has no root track.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from browserconc.evidence import perfetto, protobuf
from browserconc.evidence.netlog_event import Event, Phase
from browserconc.evidence.nettrace_ends import OpenEvents

FILE = "trace.pftrace"
CATEGORY = "netlog"


class TraceError(ValueError):
    """A file that is no Perfetto trace, or none that holds NetLog events with their sources."""


def events(path: Path) -> Iterator[Event]:
    """The NetLog events of a trace in its order, read packet by packet.

    A trace cut off in the middle of a packet is read up to there. Only what comes after an END whose
    type is not known yet is held in memory.

    Raises:
        TraceError: the file cannot be read, is no Perfetto trace, or does not name its sources.
    """
    try:
        with path.open("rb") as trace:
            yield from events_of(trace, path)
    except OSError as problem:
        raise TraceError(f"{path} cannot be read ({problem.strerror}).") from problem


def events_of(trace: BinaryIO, path: Path) -> Iterator[Event]:
    """The same of a trace that is open; `path` is its name for messages.

    Raises:
        TraceError: it is no Perfetto trace, or does not name its sources.
    """
    try:
        yield from _events(trace, path)
    except (protobuf.WireError, msgspec.DecodeError, RecursionError) as problem:
        raise TraceError(
            f"{path} is not a Perfetto trace ({problem}); record one with streamFormat 'proto'."
        ) from problem


@dataclass(slots=True)
class _Source:
    id: int
    type: str
    open: OpenEvents = field(default_factory=OpenEvents)
    undecided: _Seen | None = None


@dataclass(slots=True)
class _Seen:
    """An event as the trace has it; `type` is missing from an END until the next event of its source."""

    time_ns: int
    phase: Phase
    source: _Source
    params: dict[str, Any]
    type: str | None
    decided: bool

    def decide(self, following: str | None) -> None:
        self.type = self.source.open.end("net_error" in self.params, following)
        self.source.undecided = None
        self.decided = True

    def event(self) -> Iterator[Event]:
        """The event, or nothing where its type stays unknown."""
        if self.type is not None:
            yield Event(self.time_ns, self.type, self.phase, self.source.id, self.source.type, self.params)


def _events(trace: BinaryIO, path: Path) -> Iterator[Event]:
    sources: dict[int, _Source] = {}
    waiting: deque[_Seen] = deque()
    roots: dict[int, int] = {}
    for event in perfetto.track_events(trace):
        track, parent, process = event.lineage
        if event.category == CATEGORY and process:
            roots[process] = parent
        if event.phase != "END" and event.category == CATEGORY and track not in sources:
            # A busy browser describes some tracks as children of the process, not of the root in between.
            root = roots.get(parent)
            lineage = event.lineage if root is None else (track, root, parent)
            sources[track] = _Source(_source_id(lineage, path), event.annotations.get("source_type", ""))
        source = sources.get(track)
        if source is not None:
            waiting.append(_see(event, source))
        while waiting and waiting[0].decided:
            yield from waiting.popleft().event()
    for seen in waiting:
        if not seen.decided:
            seen.decide(None)
        yield from seen.event()


def _see(event: perfetto.TrackEvent, source: _Source) -> _Seen:
    params = msgspec.json.decode(event.annotations.get("params") or "{}", type=dict[str, Any])
    params.pop("source_start_time", None)  # added by the trace's observer, not by the event
    is_end = event.phase == "END"
    if source.undecided is not None:
        source.undecided.decide(None if is_end else event.name)
    seen = _Seen(event.time_ns, event.phase, source, params, None if is_end else event.name, not is_end)
    if is_end:
        source.undecided = seen
    elif event.phase == "BEGIN":
        source.open.begin(event.name)
    else:
        source.open.none(event.name)
    return seen


def _source_id(lineage: tuple[int, int, int], path: Path) -> int:
    track, root, process = lineage
    offset = ((track ^ root) - (root ^ process) - 1) % (1 << 64)
    if not root or not process or offset >= 1 << 32:
        raise TraceError(
            f"{path} does not say which source its netlog events belong to; "
            "record it with Chromium 138 or newer, or take a NetLog file."
        )
    # Chromium's JSON has no unsigned 32-bit numbers: the NetLog file and source_dependency show the
    # ids of the upper half, which belong to global sources, as negative.
    return offset - (1 << 32) if offset >= 1 << 31 else offset
