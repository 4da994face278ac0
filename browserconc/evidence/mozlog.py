"""`mozlog-N.moz_log`: what Firefox's network stack logs of itself; its capture and its lines.

Firefox writes the log of its module nsHttp where MOZ_LOG and MOZ_LOG_FILE ask for it, in wall-clock
time and with every header of every request. So it is written into a temporary folder, and only the
lines whose beginning stands in `KEPT` go into a recording: none of them holds a header. What they
mean is known by `mozlog_channel.py`.
Format: https://firefox-source-docs.mozilla.org/xpcom/logging.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from browserconc.evidence import secrets

SOURCE = "mozlog"
SUFFIX = ".moz_log"
"""Firefox puts it behind the name that MOZ_LOG_FILE gives."""

KEPT = (
    "Creating nsHttpChannel [",
    "HttpBaseChannel::Init [",
    "uri=",
    "nsHttpChannel::SetupReplacementChannel [",
    "nsHttpChannel::OpenCacheEntry [",
    "nsHttpChannel::MaybeStartCacheWaitTimer [",
    "nsHttpChannel::OnCacheWaitTimeout",
    "nsHttpChannel::OnCacheEntryAvailable [",
    "nsHttpChannel::ProcessResponse [",
    "nsHttpChannel::OnStopRequest [",
    "nsHttpTransaction::Init [",
    "nsHttpTransaction::OnTransportStatus [",
    "nsHttpTransaction::Close [",
    "nsHttpConnectionMgr::AtActiveConnectionLimit [",
    "AtActiveConnectionLimit result:",
    "The number of total connections are greater",
    "num active conns == max conns",
    "not dispatched (queued) trans=",
    "blocked due to rate pacing trans=",
    "dispatched step",
    "nsHttpConnectionMgr::DispatchTransaction [",
    "Destroying nsHttpConnection @",
)
_CREATES = re.compile(r"nsHttpChannel \w+ created nsHttpTransaction \w+")
_LINE = re.compile(rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{6}) UTC - \[([^\]]*)\]: \w/nsHttp (.*)")
_HEAD = re.compile(rb"browserconc mozlog-1 wall_minus_monotonic_ns=(-?\d+) changed_ns=(-?\d+)")

STEPPED_NS = 2_000_000
"""More than this between the clocks' distances before and after is no slewing: the wall clock was set."""


class MozLogError(Exception):
    """A file that is not Firefox's log of its network stack."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks at one instant, in ns: what turns the log's wall-clock time into ours."""

    wall_ns: int
    monotonic_ns: int

    @classmethod
    def now(cls) -> Clocks:
        """The closest of three readings."""
        readings = []
        for _ in range(3):
            before = time.monotonic_ns()
            wall = time.time_ns()
            after = time.monotonic_ns()
            readings.append((after - before, cls(wall, (before + after) // 2)))
        return min(readings, key=lambda reading: reading[0])[1]

    @property
    def apart_ns(self) -> int:
        """How far the wall clock is ahead."""
        return self.wall_ns - self.monotonic_ns


@dataclass(frozen=True, slots=True)
class Line:
    """One line, at an instant of the monotonic clock where the file tells how far that is."""

    time_ns: int
    thread: str
    text: str


def environment(raw: Path) -> dict[str, str]:
    """What makes Firefox log its network stack to that name (and SUFFIX)."""
    return {"MOZ_LOG": "timestamp,nsHttp:5", "MOZ_LOG_FILE": str(raw)}


def keep(raw: Path, kept: Path, before: Clocks) -> None:
    """Writes what may be kept of a log, once its browser is gone; nothing where there is no log.

    Args:
        raw: the name given to `environment`.
        kept: the file to write; addresses in it have no user and password.
        before: the clocks when the browser was started.

    Raises:
        OSError: The file cannot be written.
    """
    written = raw.with_name(raw.name + SUFFIX)
    if not written.is_file():
        return
    changed = Clocks.now().apart_ns - before.apart_ns
    with written.open("rb") as lines, kept.open("wb") as file:
        file.write(f"browserconc mozlog-1 wall_minus_monotonic_ns={before.apart_ns} ".encode())
        file.write(f"changed_ns={changed}\n".encode())
        for line in lines:
            found = _LINE.match(line)
            if found and is_kept(found[4].decode("utf-8", "replace").strip()):
                file.write(secrets.blank(line))


def is_kept(text: str) -> bool:
    """Whether a line tells something of a request's waits."""
    return text.startswith(KEPT) or _CREATES.match(text) is not None


class MozLog:
    """The lines of one file, kept by us or written by Firefox itself.

    Attributes:
        changed_ns: by how much the wall clock ran away from the monotonic one meanwhile.

    Raises:
        MozLogError: unreadable, or without a line of the module nsHttp.
    """

    def __init__(self, path: Path) -> None:
        try:
            rows = path.read_bytes().splitlines()
        except OSError as problem:
            raise MozLogError(f"{path} cannot be read ({problem.strerror}).") from problem
        head = _HEAD.match(rows[0]) if rows else None
        self.changed_ns = int(head[2]) if head else 0
        self.lines = list(_lines(rows, int(head[1]) if head else 0))
        if not self.lines:
            raise MozLogError(f"{path} holds no line of Firefox's module nsHttp.")


def _lines(rows: Iterable[bytes], apart_ns: int) -> Iterator[Line]:
    seconds: dict[bytes, int] = {}
    for row in rows:
        if (found := _LINE.match(row)) is None:
            continue
        second = seconds.get(found[1])
        if second is None:
            moment = datetime.strptime(found[1].decode(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            second = seconds[found[1]] = int(moment.timestamp())
        time_ns = second * 1_000_000_000 + int(found[2]) * 1_000 - apart_ns
        yield Line(time_ns, found[3].decode("utf-8", "replace"), found[4].decode("utf-8", "replace").strip())
