"""The catalogue of causes as text."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from browserconc.model.cause import Cause


def render(causes: Sequence[Cause], *, colour: bool = False, width: int = 80) -> str:
    """One paragraph per cause: what happens, how it is recognised, what removes it, where people met it."""
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, markup=False
    )
    for cause in causes:
        console.print(Text(f"{cause.id}  ", style="bold").append(f"({cause.culprit})", style="dim"))
        console.print(Padding(Text(cause.what), (0, 0, 0, 2)))
        console.print(Padding(Text(f"Recognised by: {cause.recognised}"), (0, 0, 0, 2)))
        console.print(Padding(Text(f"Removed by: {cause.remedy}"), (0, 0, 0, 2)))
        if cause.threads:
            console.print(Padding(Text(f"Met in: {', '.join(cause.threads)}", style="dim"), (0, 0, 0, 2)))
        console.print()
    lines = [line if colour else line.rstrip() for line in out.getvalue().rstrip("\n").split("\n")]
    return "\n".join(lines) + "\n"
