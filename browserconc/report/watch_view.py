"""What `browserconc watch` shows while it watches: on a terminal a live view, elsewhere one line once."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from browserconc.evidence.live_requests import STATES, InFlight, Now, State
from browserconc.report.printable import printable
from browserconc.report.wording import count

MOST_REQUESTS = 8
_WORDS: Mapping[State, str] = {
    "server": "with the server",
    "same-url": "behind the same URL",
    "same-host": "behind the same host",
    "browser": "in the browser",
    "receiving": "being received",
}
_COLOUR: Mapping[State, str] = {"server": "green", "same-url": "magenta", "same-host": "yellow"}


class WatchView:
    """A context manager; `show` may be called as often as one likes.

    `stream` is stderr unless a test says otherwise; with `quiet` nothing is written.
    """

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        """Looks whether the stream is a terminal."""
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._said = False
        self._console = Console(file=self._stream, markup=False, highlight=False, emoji=False)
        self._live: Live | None = None
        if self._stream.isatty() and not quiet:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    @property
    def live(self) -> bool:
        """Whether anybody can see what is in flight."""
        return self._live is not None

    def show(self, tabs: int, left_s: float, now: Now | None) -> None:
        """So many tabs there are, so many seconds are left, and this is in flight, where it is known."""
        text = f"Watching {count(tabs, 'tab')}, {left_s:.0f} s left"
        try:
            if self._live:
                lines = in_flight(now, time.monotonic_ns(), self._console.width) if now else []
                self._live.update(Group(Text(f"  {text}", style="bold"), *lines), refresh=True)
            elif not self._said and not self._quiet:
                self._stream.write(f"{text}.\n")
                self._stream.flush()
        except OSError:  # nobody reads it any more: watching goes on
            self._quiet, self._live = True, None
        self._said = True


def in_flight(now: Now, at_ns: int, width: int) -> list[Text]:
    """How many requests wait for what, then the oldest of them."""
    if not now.requests:
        return [Text("  nothing in flight")]
    counts = [f"{number} {_WORDS[state]}" for state in STATES if (number := now.count(state))]
    lines = [Text(f"  {len(now.requests)} in flight: {', '.join(counts)}", overflow="fold")]
    lines += [_line(request, at_ns, width) for request in now.requests[:MOST_REQUESTS]]
    more = len(now.requests) - MOST_REQUESTS
    return [*lines, Text(f"  and {more} more")] if more > 0 else lines


def _line(request: InFlight, at_ns: int, width: int) -> Text:
    age = f"  {max(0, at_ns - request.since_ns) / 1e9:>6.1f} s  "
    where = printable(request.url)
    line = Text(age).append(f"{_WORDS[request.state]:<21}", style=_COLOUR.get(request.state, ""))
    line.append(where)
    line.truncate(max(width - 1, 40), overflow="ellipsis")
    return line
