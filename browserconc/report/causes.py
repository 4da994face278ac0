"""The catalogue of causes as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.padding import Padding
from rich.text import Text

from browserconc.model.cause import Cause
from browserconc.report.console import in_memory, printed


def render(causes: Sequence[Cause], *, colour: bool = False, width: int = 80) -> str:
    """One paragraph per cause: what happens, how it is recognised, what removes it, where people met it."""
    console = in_memory(width, colour=colour)
    for cause in causes:
        console.print(Text(f"{cause.id}  ", style="bold").append(f"({cause.culprit})", style="dim"))
        console.print(Padding(Text(cause.what), (0, 0, 0, 2)))
        console.print(Padding(Text(f"Recognised by: {cause.recognised}"), (0, 0, 0, 2)))
        console.print(Padding(Text(f"Removed by: {cause.remedy}"), (0, 0, 0, 2)))
        if cause.threads:
            console.print(Padding(Text(f"Met in: {', '.join(cause.threads)}", style="dim"), (0, 0, 0, 2)))
        console.print()
    return printed(console)
