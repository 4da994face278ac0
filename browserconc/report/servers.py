"""The survey of servers as text: a line of figures and a sentence for each."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from browserconc.model.server_row import ServerRow, Survey

_HEAD = ("server", "model", "stated", "measured", "pids", "threads", "backlog", "kept")
_LEFT = ("server", "model")


_MEANING = (
    "stated: at once by the configuration; measured: by raw sockets. pids, threads: that took requests. "
    "backlog: connections that may wait, by default. kept: whether a connection serves a second request."
)


def render(survey: Survey, *, colour: bool = False, width: int = 80) -> str:
    """The rows, then what the columns mean and a sentence for each, at most `width` columns wide."""
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, markup=False
    )
    console.print(_figures(survey.rows))
    console.print(Text(_MEANING, style="dim"))
    console.print()
    for row in survey.rows:
        console.print(Text(row.server, style="bold"))
        said = Text(row.error, style="yellow") if row.error else Text(row.sentence)
        console.print(Padding(said, (0, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _figures(rows: Iterable[ServerRow]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name in _HEAD:
        table.add_column(name, justify="left" if name in _LEFT else "right", no_wrap=True)
    for row in rows:
        stated = str(row.stated or ("-" if row.model == "unknown" else "no limit"))
        if row.error:
            table.add_row(row.server, row.model, stated, "-", "-", "-", _number(row.backlog), "-")
            continue
        agrees = row.measured == row.stated or row.model == "unknown"
        table.add_row(
            row.server,
            row.model,
            stated,
            Text(_measured(row), style="" if agrees else "bold red"),
            str(row.pids),
            str(row.threads),
            _number(row.backlog),
            "yes" if row.keep_alive else "no",
        )
    return table


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _measured(row: ServerRow) -> str:
    return f"> {row.probed_up_to}" if row.measured is None else str(row.measured)
