"""Reads a NetLog file: `--log-net-log=FILE` or `chrome://net-export`.

The file is one JSON object, written a line at a time: constants, then one event per line, then
what the browser polled when it closed the log. A browser that crashed or still runs leaves the
file cut off; every whole line is read. All names come from the file's own constants, so older
and newer Chromium are read alike. What the events mean is known by `url_request.py`.
Format: https://www.chromium.org/developers/design-documents/network-stack/netlog/
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from browserconc.evidence import log_file, secrets
from browserconc.evidence.netlog_event import Event, Phase

FORMAT_VERSION = 1
CHROMIUM_ARGUMENT = "--log-net-log="
"""The switch that makes Chromium write the file; its default capture mode strips cookies,
credentials and bodies (net/log/net_log_capture_mode.h)."""

_BETWEEN = b" \t\r\n,"
_ENDING_BYTES = len(b'","type":7},')
_LATEST_MS = (1 << 62) // 1_000_000


class NetLogError(Exception):
    """A file that is not a NetLog, or not of a format that this version reads."""


class _Source(msgspec.Struct, gc=False):
    id: int
    type: int


class _Line(msgspec.Struct, gc=False):
    time: int  # ms, as a string in the file
    type: int
    phase: int
    source: _Source
    params: dict[str, Any] = {}


class _Constants(msgspec.Struct):
    logFormatVersion: int  # noqa: N815 (the file's own names)
    logEventTypes: dict[str, int]  # noqa: N815
    logSourceType: dict[str, int]  # noqa: N815
    logEventPhase: dict[str, int]  # noqa: N815
    clientInfo: dict[str, Any] = {}  # noqa: N815
    netError: dict[str, int] = {}  # noqa: N815


class _Head(msgspec.Struct):
    constants: _Constants


@dataclass(frozen=True, slots=True)
class NetLog:
    """What stands around the events.

    `polled` is what the browser reported of its pools when it closed the log, None if it never
    did. `skipped` counts the lines that could not be read.
    """

    events: list[Event]
    client: Mapping[str, str]
    polled: list[dict[str, Any]] | None
    skipped: int

    @property
    def max_sockets_per_group(self) -> int | None:
        """The browser's own word for its connections per host, from the pool's polled state."""
        return max_sockets_per_group(self.polled)

    @property
    def switches(self) -> tuple[str, ...]:
        """The switches that the browser ran with."""
        words = self.client.get("command_line", "").split()
        return tuple(word for word in words if word.startswith("--"))


def read(path: Path, *, since_ns: int = 0, until_ns: int | None = None) -> NetLog:
    """Reads one file, keeping the events between two instants (ns of the monotonic clock).

    Raises:
        NetLogError: unreadable, not a NetLog, or of an unknown format version.
    """
    try:
        file = path.open("rb")
    except OSError as problem:
        raise NetLogError(f"{path} cannot be read ({problem.strerror}).") from problem
    with file:
        stream = NetLogStream(file, path)
        events = [
            event
            for event in stream
            if event.time_ns >= since_ns and (until_ns is None or event.time_ns <= until_ns)
        ]
    return NetLog(events, stream.client, stream.polled, stream.skipped)


class NetLogStream:
    """The events of one NetLog, read a block of lines at a time: an iterator that can be used once.

    `wanted` says which types of event are of interest, by their names, and `of` of which types of
    source; the others are passed over cheaply. A step that is `fleeting` is left out where it was over
    in the millisecond in which it began. `polled` and `skipped` are as in NetLog and known when all
    events were taken, as is `first_ns`, the instant of the log's first event of any type; `last_ns` is
    that of the last event taken. `errors` names the browser's error numbers.
    """

    def __init__(
        self,
        file: BinaryIO,
        path: Path,
        *,
        wanted: Callable[[str], bool] | None = None,
        of: Collection[str] | None = None,
        fleeting: Callable[[str], bool] = lambda name: False,
    ) -> None:
        """Reads the constants.

        Raises:
            NetLogError: not a NetLog, or of an unknown format version.
        """
        constants = _constants(path, log_file.line(file))
        self._file = file
        types = {number: name for name, number in constants.logEventTypes.items()}
        self._types = types if wanted is None else {n: name for n, name in types.items() if wanted(name)}
        self._all = wanted is None
        self._sources = {
            number: name for name, number in constants.logSourceType.items() if of is None or name in of
        }
        phases: dict[str, Phase] = {"PHASE_BEGIN": "BEGIN", "PHASE_END": "END", "PHASE_NONE": "NONE"}
        self._phases = {
            number: phases[name] for name, number in constants.logEventPhase.items() if name in phases
        }
        self._fleeting = {number for number, name in types.items() if fleeting(name)}
        self._unwanted = frozenset(_ending(number) for number in types if number not in self._types)
        self._line = msgspec.json.Decoder(_Line, strict=False)
        self._lines = msgspec.json.Decoder(list[_Line], strict=False)
        self.client = {name: str(value) for name, value in constants.clientInfo.items()}
        self.polled: list[dict[str, Any]] | None = None
        self.skipped = 0
        self.first_ns: int | None = None
        self.last_ns = 0
        self.errors = {number: name for name, number in constants.netError.items()}

    def __iter__(self) -> Iterator[Event]:
        for block in log_file.blocks(self._file):
            if self.first_ns is None:
                rows = self._rows(block)
                if rows and 0 <= rows[0].time < _LATEST_MS:
                    self.first_ns = rows[0].time * 1_000_000
            else:
                rows = self._rows(self._without_unwanted(block))
            for event in self._events(rows):
                self.last_ns = event.time_ns
                yield event

    def _without_unwanted(self, block: bytes) -> bytes:
        """The block without the lines that end as Chromium ends those of a type of no interest.

        It sorts an event's members, so the type is the last one. A line of another form stays.
        """
        if not self._unwanted:
            return block
        unwanted = self._unwanted
        return b"\n".join([line for line in block.split(b"\n") if line[-_ENDING_BYTES:] not in unwanted])

    def _events(self, rows: list[_Line]) -> list[Event]:
        """Those of interest, without a BEGIN and END that follow each other within one millisecond."""
        events: list[Event] = []
        types, sources, phases, fleeting = self._types, self._sources, self._phases, self._fleeting
        now_ms, now_ns = -1, 0  # most events share their millisecond, and so one number, with the one before
        for row in rows:
            source = row.source
            name, source_type = types.get(row.type), sources.get(source.type)
            if name is None or source_type is None:
                if not self._all:
                    continue
                name, source_type = name or str(row.type), source_type or str(source.type)
            if row.time != now_ms:
                if not 0 <= row.time < _LATEST_MS:
                    self.skipped += 1
                    continue
                now_ms, now_ns = row.time, row.time * 1_000_000
            phase = phases.get(row.phase, "NONE")
            if row.type in fleeting and events and not row.params:
                before = events[-1]
                pair = name == before.type and now_ns == before.time_ns and source.id == before.source_id
                if pair and phase != before.phase and not before.params:
                    events.pop()
                    continue
            events.append(Event(now_ns, name, phase, source.id, source_type, row.params))
        return events

    def _rows(self, block: bytes) -> list[_Line]:
        """The lines of a block at once, as a JSON array; if they are not one, each by itself."""
        try:
            return self._lines.decode(b"[%b]" % block.strip(_BETWEEN))
        except (ValueError, RecursionError):
            return [row for line in block.split(b"\n") if (row := self._row(line)) is not None]

    def _row(self, line: bytes) -> _Line | None:
        bare = line.strip()
        if not bare or bare.startswith(b'"events"') or bare in (b"}", b"]}", b"]", b"],"):
            return None
        if bare.startswith(b'"polledData"'):
            self.polled = _polled(bare)
            return None
        try:
            return self._line.decode(bare.rstrip(b",]"))
        except (ValueError, RecursionError):  # cut off, or no event; bad UTF-8 is a ValueError too
            self.skipped += 1
            return None


def _ending(number: int) -> bytes:
    """The last _ENDING_BYTES of the line of such an event; before the type stands the time, a string."""
    return (b'","type":%d},' % number)[-_ENDING_BYTES:]


def _constants(path: Path, line: bytes) -> _Constants:
    try:
        constants = msgspec.json.decode(line.rstrip(b"\r\n,") + b"}", type=_Head).constants
    except (ValueError, RecursionError) as problem:
        raise NetLogError(
            f"{path} is not a NetLog: it does not begin with a NetLog's constants."
        ) from problem
    version = constants.logFormatVersion
    if version != FORMAT_VERSION:
        raise NetLogError(f"{path} is a NetLog of format {version}; this version reads {FORMAT_VERSION}.")
    return constants


def _polled(line: bytes) -> list[dict[str, Any]] | None:
    try:
        return msgspec.json.decode(line.split(b":", 1)[1].rstrip(b"\r\n,"), type=list[dict[str, Any]])
    except (ValueError, RecursionError, IndexError):
        return None


def max_sockets_per_group(polled: Sequence[Mapping[str, Any]] | None) -> int | None:
    """The connections per host that a browser allows, by the state of its pools; None if it does not say."""
    for context in polled or ():
        pools = context.get("socketPoolInfo")
        transport = [
            pool
            for pool in (pools if isinstance(pools, list) else ())
            if isinstance(pool, dict) and pool.get("type") == "transport_socket_pool"
        ]
        for pool in (*transport, context.get("httpStreamPoolInfo")):
            value = pool.get("max_sockets_per_group") if isinstance(pool, dict) else None
            if isinstance(value, int):
                return value
    return None


def strip_credentials(path: Path, headers: Collection[str] = ()) -> None:
    """Overwrites in place what Chromium's own stripping leaves: headers such as X-Api-Key, user:password.

    `headers` names further ones whose values are secrets.
    """
    if path.is_file():
        path.write_bytes(secrets.blank(path.read_bytes(), headers))
