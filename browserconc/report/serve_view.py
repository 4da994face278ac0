"""What `browserconc serve` shows while it serves: on a terminal a line that changes, elsewhere lines."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from browserconc.evidence.ledger_live import Now

MOST_WORKERS = 12


class ServeView:
    """A context manager; `show` may be called as often as one likes.

    Without a terminal a line is written only when something changed.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """`stream` is stderr unless a test says otherwise."""
        self._stream = stream or sys.stderr
        self._last = ""
        self._live: Live | None = None
        if self._stream.isatty():
            console = Console(file=self._stream, markup=False, highlight=False, emoji=False)
            self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, now: Now) -> None:
        """Shows one look at the ledger."""
        text = f"{now.in_flight} in flight now, at most {now.most}, {now.done} done"
        if self._live:
            self._live.update(Group(Text(text, style="bold"), *map(Text, workers(now))), refresh=True)
        elif text != self._last:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        self._last = text


def workers(now: Now) -> list[str]:
    """One line for each of the busiest workers, with a bar of what it has in flight."""
    order = sorted(now.workers, key=lambda worker: (-worker.in_flight, -worker.done))
    lines = [
        f"  {worker.pid:>7} {worker.thread[:24]:<24} {'#' * min(worker.in_flight, 30):<10} {worker.done} done"
        for worker in order[:MOST_WORKERS]
    ]
    more = len(order) - MOST_WORKERS
    return [*lines, f"  and {more} more"] if more > 0 else lines
