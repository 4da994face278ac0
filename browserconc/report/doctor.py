"""The page that `doctor` prints: one line per check, advice under the ones that need it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from browserconc.model.check import Check
from browserconc.report.console import in_memory, printed

WIDTH = 80
_MARKS = {True: ("ok", "green"), False: ("!!", "bold red"), None: ("--", "yellow")}
"""A word and a colour: the word alone says it where there are no colours."""


def render(checks: Iterable[Check], *, colour: bool = False, width: int = WIDTH) -> str:
    """The checks as text at most `width` columns wide, ending with one sentence that sums up."""
    shown = list(checks)
    table = Table.grid(padding=(0, 2))
    for check in shown:
        mark, style = _MARKS[check.ok]
        table.add_row(Text(mark, style), Text(check.name), Text(check.found))
        if check.advice:
            table.add_row("", "", Text(check.advice, "dim"))
    console = in_memory(width, colour=colour)
    console.print(table)
    console.print()
    console.print(Text(_sum(shown)))
    return printed(console)


def _sum(checks: list[Check]) -> str:
    bad = [check.name for check in checks if check.ok is False]
    if not bad:
        return "This machine has what browserconc needs."
    return f"Look at {', '.join(bad)} first."
