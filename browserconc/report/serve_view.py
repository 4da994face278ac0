"""What `browserconc serve` shows while it serves: on a terminal a view that changes, elsewhere lines."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from browserconc.evidence.connections import Connections
from browserconc.evidence.ledger_live import Now, Worker

MOST_WORKERS = 12
LONGEST_BAR = 24


class ServeView:
    """A context manager; `show` may be called as often as one likes.

    Without a terminal a line is written only when something changed.
    """

    def __init__(self, server: str, *, ledger: bool = True, stream: TextIO | None = None) -> None:
        """`server` is what runs, `ledger` whether it writes one; `stream` is stderr unless a test differs."""
        self._server = server
        self._ledger = ledger
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

    def started(self, url: str) -> None:
        """Says, on a terminal, what can be done now; `url` is one that takes a while."""
        quiet = "-sk" if url.startswith("https:") else "-s"  # the certificate is nobody's but ours
        if self._live:
            self._live.console.print(Text(f"{self._server} is up; Ctrl-C ends it. Ask it, for example:"))
            self._live.console.print(Text(f"  for i in $(seq 10); do curl {quiet} '{url}' & done\n"))

    def show(self, now: Now) -> None:
        """Shows one look at the server."""
        told = self._ledger or bool(now.workers)  # a command's application may have our middleware
        text = headline(now) if told else _connections(now.connections)
        if self._live:
            rest = workers(now) if told else [_NO_LEDGER]
            self._live.update(Group(Text(text, style="bold"), *map(Text, rest)), refresh=True)
        elif text != self._last:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        self._last = text


_NO_LEDGER = "  What runs inside is not known: the server is a command and writes no ledger."


def headline(now: Now) -> str:
    """`8 in flight now, at most 8, 0 done; 4 connections wait to be accepted`."""
    text = f"{now.in_flight} in flight now, at most {now.most}, {now.done} done"
    queued = now.connections.waiting if now.connections else 0
    if not queued:
        return text
    return f"{text}; {queued} connection{'s wait' if queued > 1 else ' waits'} to be accepted"


def _connections(seen: Connections | None) -> str:
    if seen is None:
        return "The server is up; this system does not tell its connections."
    return f"{seen.open} connections open, {seen.waiting} of them wait to be accepted"


def workers(now: Now) -> list[str]:
    """One line for each of the busiest workers, with a bar of what it has in flight."""
    if not now.workers:
        return []
    order = sorted(now.workers, key=lambda worker: (-worker.in_flight, -worker.done))
    width = max(len(_bar(worker)) for worker in order[:MOST_WORKERS])
    lines = [f"  {'pid':>7}  {'thread':<28}  {'in flight':<{max(width, 9)}}  {'done':>6}"]
    lines += [
        f"  {worker.pid:>7}  {worker.thread[:28]:<28}  {_bar(worker):<{max(width, 9)}}  {worker.done:>6}"
        for worker in order[:MOST_WORKERS]
    ]
    rest = order[MOST_WORKERS:]
    if rest:
        busy = sum(worker.in_flight for worker in rest)
        lines.append(f"  and {len(rest)} more, with {busy} in flight")
    return lines


def _bar(worker: Worker) -> str:
    return f"{'#' * min(worker.in_flight, LONGEST_BAR)} {worker.in_flight}" if worker.in_flight else "-"
