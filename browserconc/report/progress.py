"""What is going on while trials run: a quiet live view on a terminal, plain lines elsewhere.

It must not compete with what is measured, so it is drawn at most four times a second and an
update only stores numbers. It writes to stderr; stdout belongs to the report.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from browserconc.report.printable import printable

REFRESHES_PER_SECOND = 4


class TrialProgress:
    """The live view of one command, as a context manager.

    On a terminal every running trial has a line with what is done, in flight at the server and
    how long it will still take; ended trials keep theirs until the view closes and disappears.
    Without a terminal there is one plain line per ended trial, and with `quiet` nothing at all.
    """

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        """`stream` is stderr unless a test says otherwise."""
        self._quiet = quiet
        self._stream = stream or sys.stderr
        self._encoding = self._stream.encoding or "utf-8"
        self._strategies: dict[str, str] = {}
        self._tasks: dict[str, TaskID] = {}
        self._live: Progress | None = None
        if not quiet and self._stream.isatty():
            self._live = Progress(
                TextColumn("  {task.description}", markup=False),
                _Done(),
                _Rest(),
                console=Console(file=self._stream, markup=False, highlight=False, emoji=False),
                transient=True,
                refresh_per_second=REFRESHES_PER_SECOND,
                redirect_stdout=False,
                redirect_stderr=False,
            )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def trial_started(self, id: str, strategy: str, tabs: int, expected_s: float | None = None) -> None:
        """A trial has been released; `expected_s` is how long it should take at most, if known."""
        self._strategies[id] = strategy
        if self._live:
            name = f"{printable(strategy, self._encoding):<15}"
            self._tasks[id] = self._live.add_task(name, total=tabs, in_flight=None, expected_s=expected_s)

    def update(self, id: str, done: int, in_flight: int | None = None) -> None:
        """So many tabs are done, and so many requests are at the server now (None: not known)."""
        if self._live and id in self._tasks:
            self._live.update(self._tasks[id], completed=done, in_flight=in_flight)

    def trial_ended(self, id: str, text: str) -> None:
        """The trial is over; `text` says how, such as "10 of 10 done in 5.05 s"."""
        said = printable(text, self._encoding)
        if self._live and id in self._tasks:
            self._live.update(self._tasks[id], ended=said)
            self._live.stop_task(self._tasks[id])
        elif not self._live:
            self.message(f"{self._strategies.get(id, id)}: {text}")

    def message(self, text: str) -> None:
        """One line that stays, above the live view."""
        said = printable(text, self._encoding)
        if self._live:
            self._live.console.print(Text(said))
        elif not self._quiet:
            with suppress(OSError):  # nobody reads it any more: the measurement goes on
                self._stream.write(f"{said}\n")
                self._stream.flush()


class _Done(ProgressColumn):
    max_refresh = 1 / REFRESHES_PER_SECOND

    def render(self, task: Task) -> Text:
        if "ended" in task.fields:
            return Text(task.fields["ended"], style="bright_black")
        in_flight = task.fields["in_flight"]
        at_server = "" if in_flight is None else f"{in_flight} at the server"
        return Text(f"{int(task.completed):>5} of {int(task.total or 0)} done   {at_server:<16}")


class _Rest(ProgressColumn):
    def render(self, task: Task) -> Text:
        if "ended" in task.fields:
            return Text()
        elapsed, expected = task.elapsed or 0.0, task.fields["expected_s"]
        if expected is None or elapsed > expected:
            return Text(f"{elapsed:.0f} s so far", style="bright_black")
        return Text(f"{expected - elapsed:.0f} s left", style="bright_black")
