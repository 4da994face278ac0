"""The console that every text report is printed on: it writes into memory, at a width that is given."""

from __future__ import annotations

from io import StringIO

from rich.console import Console


def in_memory(width: int, *, colour: bool) -> Console:
    """A console that prints texts as they are, whatever the terminal; `printed` tells what it has."""
    return Console(
        file=StringIO(),
        width=width,
        height=100,  # with a width alone, rich takes both from a dumb terminal
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
    )


def printed(console: Console) -> str:
    """What was printed on a console in memory: lines without spaces at their ends, the last one ended."""
    assert isinstance(console.file, StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    return "\n".join(lines).rstrip("\n") + "\n"
