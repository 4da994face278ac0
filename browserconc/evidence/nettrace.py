"""NetLog events through CDP Tracing: captured from a running browser, read from the Perfetto trace.

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

import asyncio
import base64
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from browserconc.evidence import perfetto, protobuf, secrets
from browserconc.evidence.netlog_event import Event, Phase
from browserconc.evidence.nettrace_ends import OpenEvents

FILE = "trace.pftrace"
_CATEGORY = "netlog"
_BUFFER_KB = 200_000  # about 20,000 requests of 9.5 kB
_REPLY_S = 15.0
_FLUSH_S = 30.0  # Tracing.end was seen to take 5 s on an idle browser
_CHUNK_BYTES = 1 << 20


class TraceError(ValueError):
    """A file that is no Perfetto trace, or none that holds NetLog events with their sources."""


class CaptureError(Exception):
    """The browser did not start tracing, or did not hand over its trace."""


class Session(Protocol):
    """A browser-level CDP session, such as Playwright's `browser.new_browser_cdp_session()`."""

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Sends a command and returns its result."""

    def on(self, event: str, f: Callable[..., Any]) -> Any:
        """Calls `f` with the parameters of each such event."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A trace on disk. `lossy` says that the browser's buffer was full and events are missing."""

    path: Path
    lossy: bool


async def start(session: Session) -> None:
    """Starts recording NetLog events; the browser stops by itself when the session is closed.

    Raises:
        CaptureError: the browser refused, most often because something else is tracing it.
    """
    config = {
        "recordMode": "recordUntilFull",
        "traceBufferSizeInKb": _BUFFER_KB,
        "includedCategories": [_CATEGORY],
        "excludedCategories": ["*"],
    }
    how = {"transferMode": "ReturnAsStream", "streamFormat": "proto", "traceConfig": config}
    await _send(session, "Tracing.start", how)


async def stop(session: Session, into: Path, secret_headers: Collection[str] = ()) -> Capture:
    """Ends the recording and writes it to `into`, without secrets and without facts about the machine.

    `secret_headers` names headers that are secrets although their names do not say so.

    Raises:
        CaptureError: the browser did not hand the trace over in time, or `into` cannot be written.
    """
    complete: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def completed(outcome: dict[str, Any]) -> None:
        if not complete.done():
            complete.set_result(outcome)

    session.on("Tracing.tracingComplete", completed)
    await _send(session, "Tracing.end", {})
    try:
        outcome = await asyncio.wait_for(complete, _FLUSH_S)
    except TimeoutError:
        raise CaptureError(
            f"The browser did not finish its trace within {_FLUSH_S:.0f} s; repeat without the trace."
        ) from None
    handle = outcome.get("stream")
    if handle is None:
        raise CaptureError("The browser recorded no trace; repeat without it.")
    try:
        with into.open("wb") as file:
            await _copy(session, handle, file, secret_headers)
    except OSError as problem:
        raise CaptureError(f"{into} cannot be written ({problem.strerror}).") from problem
    except protobuf.WireError as problem:
        raise CaptureError(f"The browser handed over something else than a trace ({problem}).") from problem
    finally:
        await _send(session, "IO.close", {"handle": handle})
    return Capture(into, bool(outcome.get("dataLossOccurred")))


async def _copy(session: Session, handle: str, file: BinaryIO, secret_headers: Collection[str]) -> None:
    rest = b""
    more = True
    while more:
        chunk = await _send(session, "IO.read", {"handle": handle, "size": _CHUNK_BYTES})
        data = chunk["data"]
        rest += base64.b64decode(data) if chunk.get("base64Encoded") else data.encode()
        packets, rest = protobuf.split(rest, perfetto.PACKET)
        for packet in packets:
            kept = secrets.blank(perfetto.essence(packet), secret_headers)
            file.write(protobuf.field(perfetto.PACKET, kept))
        more = not chunk["eof"]


async def _send(session: Session, method: str, params: dict[str, Any]) -> Any:
    try:
        return await asyncio.wait_for(session.send(method, params), _REPLY_S)
    except TimeoutError:
        raise CaptureError(f"The browser did not answer {method} within {_REPLY_S:.0f} s.") from None
    except Exception as problem:
        # The driver's own class of error is unknown here: only lab/browser imports Playwright.
        raise CaptureError(f"The browser refused {method} ({str(problem).splitlines()[0]}).") from problem


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
        if event.category == _CATEGORY and process:
            roots[process] = parent
        if event.phase != "END" and event.category == _CATEGORY and track not in sources:
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
