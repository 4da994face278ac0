"""The survey of servers as text: a line of figures and a sentence for each."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from browserconc.model.server_row import ServerRow, Survey

_HEAD = ("server", "stated", "measured", "processes", "threads", "kept alive")


def render(survey: Survey, *, colour: bool = False, width: int = 80) -> str:
    """The rows, then their sentences, at most `width` columns wide."""
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, markup=False
    )
    console.print(_figures(survey.rows))
    console.print()
    for row in survey.rows:
        console.print(Text(row.server, style="bold"))
        said = Text(row.error, style="yellow") if row.error else Text(row.sentence)
        console.print(Padding(said, (0, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _figures(rows: Iterable[ServerRow]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(_HEAD):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        stated = "no limit" if row.stated is None else str(row.stated)
        if row.error:
            table.add_row(row.server, stated, "-", "-", "-", "-")
            continue
        agrees = row.measured == row.stated
        table.add_row(
            row.server,
            stated,
            Text(_measured(row), style="" if agrees else "bold red"),
            str(row.pids),
            str(row.threads),
            "yes" if row.keep_alive else "no",
        )
    return table


def _measured(row: ServerRow) -> str:
    return f"> {row.probed_up_to}" if row.measured is None else str(row.measured)
