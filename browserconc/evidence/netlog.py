"""Reads a NetLog file: `--log-net-log=FILE` or `chrome://net-export`.

The file is one JSON object, written a line at a time: constants, then one event per line, then
what the browser polled when it closed the log. A browser that crashed or still runs leaves the
file cut off; every whole line is read. All names come from the file's own constants, so older
and newer Chromium are read alike. What the events mean is known by `url_request.py`.
Format: https://www.chromium.org/developers/design-documents/network-stack/netlog/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from browserconc.evidence import secrets
from browserconc.evidence.netlog_event import Event, Phase

FORMAT_VERSION = 1
CHROMIUM_ARGUMENT = "--log-net-log="
"""The switch that makes Chromium write the file; its default capture mode strips cookies,
credentials and bodies (net/log/net_log_capture_mode.h)."""


class NetLogError(Exception):
    """A file that is not a NetLog, or not of a format that this version reads."""


class _Source(msgspec.Struct):
    id: int
    type: int


class _Line(msgspec.Struct):
    time: str
    type: int
    phase: int
    source: _Source
    params: msgspec.Raw = msgspec.Raw(b"{}")


class _Constants(msgspec.Struct):
    logFormatVersion: int  # noqa: N815 (the file's own names)
    logEventTypes: dict[str, int]  # noqa: N815
    logSourceType: dict[str, int]  # noqa: N815
    logEventPhase: dict[str, int]  # noqa: N815
    clientInfo: dict[str, Any] = {}  # noqa: N815


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
        for context in self.polled or ():
            for pool in context.get("socketPoolInfo") or ():
                value = pool.get("max_sockets_per_group")
                if isinstance(value, int) and pool.get("type") == "transport_socket_pool":
                    return value
            value = (context.get("httpStreamPoolInfo") or {}).get("max_sockets_per_group")
            if isinstance(value, int):
                return value
        return None

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
        lines = path.open("rb")
    except OSError as problem:
        raise NetLogError(f"{path} cannot be read ({problem.strerror}).") from problem
    with lines:
        constants = _constants(path, lines.readline())
        names = _Names(constants)
        events: list[Event] = []
        polled: list[dict[str, Any]] | None = None
        skipped = 0
        for line in lines:
            if line.startswith(b'"events"') or line.strip() in (b"", b"}", b"]}"):
                continue
            if line.startswith(b'"polledData"'):
                polled = _polled(line)
                continue
            try:
                event = names.event(line)
            except (
                ValueError,
                RecursionError,
            ):  # cut off, or no event; msgspec's errors and bad UTF-8 are ValueErrors
                skipped += 1
                continue
            if event.time_ns >= since_ns and (until_ns is None or event.time_ns <= until_ns):
                events.append(event)
    client = {name: str(value) for name, value in constants.clientInfo.items()}
    return NetLog(events, client, polled, skipped)


class _Names:
    """The numbers of one file's events, turned back into names."""

    def __init__(self, constants: _Constants) -> None:
        self._types = {number: name for name, number in constants.logEventTypes.items()}
        self._sources = {number: name for name, number in constants.logSourceType.items()}
        phases: dict[str, Phase] = {"PHASE_BEGIN": "BEGIN", "PHASE_END": "END", "PHASE_NONE": "NONE"}
        self._phases = {
            number: phases[name] for name, number in constants.logEventPhase.items() if name in phases
        }
        self._line = msgspec.json.Decoder(_Line)
        self._params = msgspec.json.Decoder(dict[str, Any])

    def event(self, line: bytes) -> Event:
        row = self._line.decode(line.rstrip(b"\r\n,]"))
        return Event(
            int(row.time) * 1_000_000,
            self._types.get(row.type, str(row.type)),
            self._phases.get(row.phase, "NONE"),
            row.source.id,
            self._sources.get(row.source.type, str(row.source.type)),
            self._params.decode(row.params),
        )


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


def strip_credentials(path: Path) -> None:
    """Overwrites in place what Chromium's own stripping leaves: headers such as X-Api-Key, user:password."""
    if path.is_file():
        path.write_bytes(secrets.blank(path.read_bytes()))


def events(path: Path) -> Iterator[Event]:
    """All events of one file, in the order in which the browser wrote them."""
    yield from read(path).events
