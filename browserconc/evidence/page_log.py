"""`pages.jsonl`: what each tab asked for, as the driver heard it; its writer and its reader.

The NetLog knows every request but not which tab made it. The driver knows the tab, so the two are
joined by the address and the order of equal ones. Lines hold addresses without secrets, and instants
in integer nanoseconds of the monotonic clock, a few milliseconds late because the driver is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from browserconc.evidence.secrets import masked
from browserconc.model.timeline import Span, Track
from browserconc.recording import RecordingError

FILE = "pages.jsonl"
SOURCE = "page"


@dataclass(slots=True)
class PageLine:
    """One request of one tab.

    `kind` is Playwright's resource type, such as "document", "fetch", "image", "eventsource" or
    "websocket". `done_ns` is None for a request that was still going on; `opened_ns` is when an event
    stream began.
    """

    tab: int
    url: str
    method: str
    kind: str
    asked_ns: int
    done_ns: int | None = None
    failed: str | None = None
    opened_ns: int | None = None

    @property
    def answered_ns(self) -> int | None:
        """When the page had what it asked for: all of it, or the beginning of an event stream."""
        return self.done_ns if self.opened_ns is None else self.opened_ns


def write(path: Path, lines: Iterable[PageLine]) -> None:
    """Writes the log, its addresses masked.

    Raises:
        OSError: the file cannot be written.
    """
    kept = (replace(line, url=masked(line.url)) for line in lines)
    path.write_bytes(msgspec.json.Encoder().encode_lines(kept))


def tracks(path: Path) -> list[Track]:
    """The requests as tracks in the order in which they were asked for.

    The one span of each, "asked", ends when the page had what it asked for: all of it, or an open stream.

    Raises:
        RecordingError: the file cannot be read.
    """
    try:
        lines = msgspec.json.Decoder(PageLine).decode_lines(path.read_bytes())
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read ({problem.strerror}).") from problem
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise RecordingError(f"{path} is not a log of pages ({problem}).") from problem
    return [
        Track(
            SOURCE,
            str(number),
            line.url,
            (Span("asked", line.asked_ns, line.answered_ns),),
            index=line.tab,
            facts={"method": line.method, "kind": line.kind, "failed": line.failed},
        )
        for number, line in enumerate(sorted(lines, key=lambda line: line.asked_ns))
    ]
