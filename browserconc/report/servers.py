"""The survey of servers as text: a line of figures and a sentence for each."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from browserconc.model.server_row import ServerRow, Survey
from browserconc.report.console import in_memory, printed
from browserconc.report.printable import printable
from browserconc.report.sheet import Column, Row, Sheet, grid
from browserconc.report.wording import count

_COLUMNS = (
    Column("server"),
    Column("model"),
    Column("stated", numeric=True),
    Column("measured", numeric=True, key=True),
    *(Column(name, numeric=True) for name in ("pids", "threads", "backlog", "kept")),
)
_MEANING = (
    "stated: at once by the configuration; measured: by raw sockets. pids, threads: that took requests. "
    "backlog: connections that may wait, by default. kept: whether a connection serves a second request."
)


def sheet(survey: Survey) -> Sheet:
    """What the terminal, the page and Markdown show of it."""
    return Sheet(
        command="servers",
        headline="Stated and measured capacity, by raw sockets",
        summary=f"What {count(len(survey.rows), 'server')} did at once",
        environment=survey.environment,
        columns=_COLUMNS,
        rows=tuple(map(_row, survey.rows)),
        meaning=_MEANING,
    )


def render(survey: Survey, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """The rows, then what the columns mean and a sentence for each, at most `width` columns wide."""
    console = in_memory(width, colour=colour)
    shown = sheet(survey)
    console.print(grid(shown.columns, shown.rows, encoding=encoding, gap=1))
    console.print(Text(printable(shown.meaning, encoding), style="dim"))
    console.print()
    for row in shown.rows:
        console.print(Text(printable(row.cells[0], encoding), style="bold"))
        said = Text(printable(row.said, encoding), style="yellow" if row.mark == "missing" else "")
        console.print(Padding(said, (0, 0, 0, 2)))
    return printed(console)


def _row(row: ServerRow) -> Row:
    stated = str(row.stated or ("-" if row.model == "unknown" else "no limit"))
    if row.error:
        cells = (row.server, row.model, stated, "-", "-", "-", _number(row.backlog), "-")
        return Row(cells, row.error, "missing")
    agrees = row.measured == row.stated or row.model == "unknown"
    return Row(
        (
            row.server,
            row.model,
            stated,
            f"> {row.probed_up_to}" if row.measured is None else str(row.measured),
            str(row.pids),
            str(row.threads),
            _number(row.backlog),
            "yes" if row.keep_alive else "no",
        ),
        row.sentence,
        None if agrees else "odd",
    )


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)
