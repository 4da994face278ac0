"""A log that somebody else recorded, of whatever kind: what it is, and its requests as Tracks.

NetLog (`netlog.py`), Chrome trace with netlog events (`nettrace.py`) and HAR (`har.py`), each plain,
.gz or .zip. Of a log only the requests that are asked for are kept.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from browserconc.evidence import cdp, events_of_interest, har, log_file, netlog, nettrace, url_request
from browserconc.evidence.log_file import LogError
from browserconc.evidence.netlog_event import Event
from browserconc.evidence.pool_state import pool_limits
from browserconc.evidence.secrets import masked
from browserconc.model.finding import BrowserFacts
from browserconc.model.timeline import Track
from browserconc.recording import RecordingError

_PEEK_BYTES = 1 << 16
_PERFETTO = b"\x0a"  # the tag of Trace.packet, protos/perfetto/trace/trace.proto
_RESULT = re.compile(rb'\A\s*\{\s*"schema"\s*:\s*"browserconc/')
_OURS = ("--user-data-dir", "--log-net-log", "--flag-switches-", "--remote-debugging-")
SERVER_UNSEEN = (
    "The log shows the browser's side only: all from the request on the wire to the last byte counts as "
    "the server's work, its own queue included."
)


class NoEventsError(LogError):
    """A trace without a single event of the network stack: not asked for, or nothing happened."""


@dataclass(slots=True)
class Foreign:
    """What a log says. `first_ns` and `last_ns` are the instants between which it was recorded."""

    tracks: list[Track] = field(default_factory=list)
    browser: BrowserFacts | None = None
    max_sockets_per_group: int | None = None
    pool_limits: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)
    first_ns: int = 0
    last_ns: int = 0
    doubts: list[str] = field(default_factory=list)


def read(path: Path, *, url: str | None = None, since_ns: int = 0) -> Foreign:
    """Reads one log, keeping the requests that match `url` and began `since_ns` after its first event.

    In `url` a `*` stands for any text; without one it may stand anywhere in the address.

    Raises:
        LogError: unreadable, of no kind that is known, or of an unknown version.
    """
    chosen = _chooser(url)
    try:
        with log_file.opened(path) as file:
            return _reader(file, path)(file, path, chosen, since_ns)
    except (netlog.NetLogError, nettrace.TraceError) as problem:
        raise LogError(str(problem)) from problem
    except OSError as problem:
        raise LogError(f"{path} cannot be read ({problem.strerror}).") from problem


_Chooser = Callable[[Track], bool]
_Reader = Callable[[io.BufferedReader, Path, _Chooser, int], Foreign]


def _reader(file: io.BufferedReader, path: Path) -> _Reader:
    """Who reads it, by how it begins."""
    head = file.peek(_PEEK_BYTES)[:_PEEK_BYTES].removeprefix(b"\xef\xbb\xbf")
    start = head.lstrip()
    if start.startswith(b"{") and b'"constants"' in head[:200]:
        return _netlog
    if _RESULT.match(start):
        raise LogError(f"{path} is a result of browserconc; show it with `browserconc report {path}`.")
    if start.startswith((b'{"traceEvents"', b"[{")) or (start.startswith(b"{") and b'"traceEvents"' in head):
        raise LogError(
            f"{path} is a JSON trace, in which netlog events have lost their sources; "
            "record it as a Perfetto trace (streamFormat 'proto'), or a NetLog."
        )
    if start.startswith(b"{") and b'"log"' in head:
        return _har
    if head.startswith(_PERFETTO):
        return _trace
    if head.startswith(cdp.FIRST_BYTES):
        return _network_domain
    raise LogError(f"{path} is not a NetLog, HAR, Perfetto trace or recording; give one of these.")


def _netlog(file: io.BufferedReader, path: Path, chosen: _Chooser, since_ns: int) -> Foreign:
    stream = netlog.NetLogStream(
        file,
        path,
        wanted=events_of_interest.wanted,
        of=events_of_interest.SOURCES,
        fleeting=events_of_interest.fleeting,
    )
    tracks = [
        track
        for track in url_request.follow(stream)
        if chosen(track) and track.spans and track.spans[0].start_ns >= (stream.first_ns or 0) + since_ns
    ]
    words = stream.client.get("command_line", "").split()
    switches = [word for word in words if word.startswith("--")]
    found = Foreign(
        tracks,
        BrowserFacts(
            stream.client.get("name", "Chromium"),
            stream.client.get("version", ""),
            words[0] if words else "",
            any(switch.startswith("--headless") for switch in switches),
            tuple(masked(switch) for switch in switches if not switch.startswith(_OURS)),
        ),
        netlog.max_sockets_per_group(stream.polled),
        pool_limits(stream.polled),
        stream.errors,
        stream.first_ns or 0,
        stream.last_ns,
        [SERVER_UNSEEN],
    )
    if stream.polled is None:
        found.doubts.append(
            "The log has no end: it was cut off, or the browser is still writing it. What was still going "
            "on is shown until the last event."
        )
    if stream.skipped > 1:
        found.doubts.append(f"{stream.skipped} lines of the log could not be read and are missing.")
    return found


def _trace(file: io.BufferedReader, path: Path, chosen: _Chooser, since_ns: int) -> Foreign:
    found = Foreign(doubts=[SERVER_UNSEEN])
    seen = _noting(nettrace.events_of(file, path), found)
    for track in url_request.follow(seen):
        if chosen(track) and track.spans and track.spans[0].start_ns >= found.first_ns + since_ns:
            found.tracks.append(track)
    if not found.last_ns:
        raise NoEventsError(f"{path} is a trace without netlog events; record it with the category netlog.")
    return found


def _noting(events: Iterable[Event], found: Foreign) -> Iterator[Event]:
    for event in events:
        found.first_ns = found.first_ns or event.time_ns
        found.last_ns = max(found.last_ns, event.time_ns)
        yield event


def _har(file: io.BufferedReader, path: Path, chosen: _Chooser, since_ns: int) -> Foreign:
    tracks = har.tracks(file, path)
    begins = [track.spans[0].start_ns for track in tracks]
    first_ns = min(begins, default=0)
    kept = [t for t in tracks if chosen(t) and t.spans[0].start_ns >= first_ns + since_ns]
    ends = [span.end_ns for track in tracks for span in track.spans if span.end_ns is not None]
    return Foreign(kept, first_ns=first_ns, last_ns=max(ends, default=0), doubts=[har.DOUBT, SERVER_UNSEEN])


def _network_domain(file: io.BufferedReader, path: Path, chosen: _Chooser, since_ns: int) -> Foreign:
    try:
        tracks = cdp.tracks(path)
    except RecordingError as problem:
        raise LogError(str(problem)) from problem
    first_ns = min((track.spans[0].start_ns for track in tracks), default=0)
    kept = [t for t in tracks if chosen(t) and t.spans[0].start_ns >= first_ns + since_ns]
    ends = [span.end_ns or span.start_ns for track in tracks for span in track.spans]
    return Foreign(kept, first_ns=first_ns, last_ns=max(ends, default=0), doubts=[cdp.DOUBT, SERVER_UNSEEN])


def _chooser(url: str | None) -> _Chooser:
    if url is None:
        return lambda track: True
    text = url if "*" in url else f"*{url}*"
    pattern = re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)
    return lambda track: pattern.fullmatch(track.url) is not None
