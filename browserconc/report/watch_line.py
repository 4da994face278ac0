"""One line that says how watching comes along: rewritten in place on a terminal, said once elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from browserconc.report.wording import count

_ERASE = "\r\x1b[K"


@contextmanager
def watch_line(
    *, quiet: bool = False, stream: TextIO | None = None
) -> Iterator[Callable[[int, float], None]]:
    """A function that is told how many tabs there are and how many seconds are left.

    `stream` is stderr unless a test says otherwise; with `quiet` nothing is written.
    """
    out = stream or sys.stderr
    live = out.isatty()
    said = False

    def tell(tabs: int, left_s: float) -> None:
        nonlocal said
        if quiet or (said and not live):
            return
        said = True
        text = f"Watching {count(tabs, 'tab')}, {left_s:.0f} s left"
        _write(out, f"{_ERASE}  {text}" if live else f"{text}.\n")

    try:
        yield tell
    finally:
        if said and live:
            _write(out, _ERASE)


def _write(out: TextIO, text: str) -> None:
    with suppress(OSError):  # nobody reads it any more: watching goes on
        out.write(text)
        out.flush()
