"""`client.jsonl`: what the client itself saw, one line per request; its writer and its reader.

The raw-socket client and the browser driver write the same lines. A line holds instants, sizes
and outcomes, never a header that may be secret, a cookie or a body. Instants are integer
nanoseconds of the monotonic clock; None stands for what this client cannot see or what did not happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from browserconc.model.timeline import Span, Track
from browserconc.recording import RecordingError

FILE = "client.jsonl"
SOURCE = "client"


@dataclass(frozen=True, slots=True)
class ClientLine:
    """One request as its client saw it.

    `released_ns` is the instant at which all requests of the trial were let go; `secured_ns` is when the
    TLS handshake was over, None without TLS; `sent_ns` is when the request was handed to the kernel;
    `first_byte_ns` and `done_ns` are when the first and the last bytes of the answer were read.
    `done_ns` of a failed request is when it failed, and None where it neither failed nor ended (timed
    out, interrupted). `error` is a short phrase. `retransmits` counts TCP segments sent again, SYNs
    included; `bytes` is what was read of the answer, its head included, deciphered. Where more was asked
    for, `body` is a digest of the body with a key that is thrown away, and `headers` are harmless ones.
    """

    index: int
    url: str
    local_port: int | None = None
    released_ns: int | None = None
    connect_start_ns: int | None = None
    connected_ns: int | None = None
    secured_ns: int | None = None
    sent_ns: int | None = None
    first_byte_ns: int | None = None
    done_ns: int | None = None
    status: int | None = None
    error: str | None = None
    retransmits: int | None = None
    bytes: int | None = None
    body: str | None = None
    headers: dict[str, str] | None = None


def write(path: Path, lines: Iterable[ClientLine]) -> None:
    """Writes the log, replacing a previous one.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_bytes(msgspec.json.Encoder().encode_lines(lines))


def read(path: Path) -> list[ClientLine]:
    """The lines of a log; a last line that was cut off by a crash is left out.

    Raises:
        RecordingError: the file cannot be read, or a line that is not the last is no such line.
    """
    try:
        rows = path.read_bytes().split(b"\n")
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read ({problem.strerror}).") from problem
    *complete, last = rows  # the writer ends each line with a newline, so `last` is empty or cut off
    decoder = msgspec.json.Decoder(ClientLine)
    lines = []
    for number, row in enumerate(complete, start=1):
        try:
            lines.append(decoder.decode(row))
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise RecordingError(f"{path} line {number} is not a client's line ({problem}).") from problem
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        lines.append(decoder.decode(last))
    return lines


def tracks(path: Path) -> list[Track]:
    """The requests of a log as tracks, in the log's order.

    Spans: "released" (an instant), "connect", "ssl" (with TLS), "send" (from the later of connected or
    secured, and released, to handed over), "wait" (for the first byte), "receive", and "request"
    (released to done). A span is absent where its start was not seen, and has no end where its end was
    not seen.

    Raises:
        RecordingError: as `read`.
    """
    return [_track(line) for line in read(path)]


def _track(line: ClientLine) -> Track:
    ready = line.connected_ns if line.secured_ns is None else line.secured_ns
    if ready is not None and line.released_ns is not None:
        ready = max(ready, line.released_ns)
    stretches = (
        ("released", line.released_ns, line.released_ns),
        ("connect", line.connect_start_ns, line.connected_ns),
        ("ssl", line.connected_ns if line.secured_ns else None, line.secured_ns),
        ("send", ready, line.sent_ns),
        ("wait", line.sent_ns, line.first_byte_ns),
        ("receive", line.first_byte_ns, line.done_ns),
        ("request", line.released_ns, line.done_ns),
    )
    return Track(
        source=SOURCE,
        key=str(line.index),
        url=line.url,
        index=line.index,
        local_port=line.local_port,
        spans=tuple(Span(name, start, end) for name, start, end in stretches if start is not None),
        facts={
            "status": line.status,
            "error": line.error,
            "retransmits": line.retransmits,
            "bytes": line.bytes,
        },
    )
