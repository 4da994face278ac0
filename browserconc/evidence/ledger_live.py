"""The ledger while it grows: what is in flight now, and with which worker.

Used by `browserconc serve` on the terminal and by the endpoint's status page. Requests for the
status page itself and for an icon are left out: they are not what the user wants to count.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browserconc.evidence.connections import Connections

UNCOUNTED = ("/", "/favicon.ico")


@dataclass(frozen=True, slots=True)
class Worker:
    """One thread, greenlet or loop of one process: what it has in flight and what it has done."""

    pid: int
    thread: str
    in_flight: int
    done: int


@dataclass(frozen=True, slots=True)
class Now:
    """One look at the ledger; `most` is the most that was in flight at any time, by its lines.

    `connections` is what the kernel knows, None where it was not asked.
    """

    in_flight: int
    most: int
    done: int
    workers: tuple[Worker, ...]
    connections: Connections | None = None


class Live:
    """Reads a ledger again and again, only what was appended since the last look.

    Requests for the paths in `uncounted` are left out.
    """

    def __init__(self, path: Path, uncounted: Collection[str] = UNCOUNTED) -> None:
        self._path = path
        self._uncounted = uncounted
        self._offset = 0
        self._open: dict[str, tuple[int, str]] = {}
        self._done: Counter[tuple[int, str]] = Counter()
        self._most = 0

    def look(self) -> Now:
        """What is true now; a ledger that is not there yet is empty."""
        for line in self._appended():
            if line.get("e") == "start" and str(line["path"]).partition("?")[0] not in self._uncounted:
                self._open[line["id"]] = line["pid"], line["thread"]
                self._most = max(self._most, len(self._open))
            elif line.get("e") == "end" and (worker := self._open.pop(line["id"], None)):
                self._done[worker] += 1
        busy = Counter(self._open.values())
        workers = tuple(
            Worker(pid, thread, busy[pid, thread], self._done[pid, thread])
            for pid, thread in sorted({*busy, *self._done})
        )
        return Now(len(self._open), self._most, sum(self._done.values()), workers)

    def _appended(self) -> list[dict[str, Any]]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                grown = file.read()
        except FileNotFoundError:
            return []
        whole = grown[: grown.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [json.loads(line) for line in whole.splitlines()]
