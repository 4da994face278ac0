"""What a survey or a search found as values: one table and what is said of it.

The terminal, the HTML page and Markdown show the same sheet, so that a figure is computed once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table
from rich.text import Text

from browserconc.model.finding import Environment
from browserconc.report.printable import printable
from browserconc.report.wording import where

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&@$]")


@dataclass(frozen=True, slots=True)
class Column:
    """A heading. Of a `key` the cells stand out; a `spacious` one is left out on the terminal."""

    name: str
    numeric: bool = False
    key: bool = False
    spacious: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells and a sentence about them.

    The `best` row is the one to take, an `odd` one shows what nobody expects, a `missing` one says why
    there is nothing to show.
    """

    cells: tuple[str, ...]
    said: str = ""
    mark: Literal["best", "odd", "missing"] | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that is shown of one survey or search; `meaning` is that of the columns.

    `parts` is a second table, of what each of several hosts did.
    """

    command: str
    headline: str
    summary: str
    environment: Environment
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    meaning: str = ""
    remarks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    part_columns: tuple[Column, ...] = ()
    parts: tuple[Row, ...] = ()


def grid(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    encoding: str = "utf-8",
    pointer: bool = False,
    gap: int = 2,
) -> Table:
    """A table for a terminal, `gap` columns apart; with `pointer` a `>` stands before the best row."""
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    shown = [place for place, column in enumerate(columns) if not column.spacious]
    for place in shown:
        column = columns[place]
        table.add_column(column.name, justify="right" if column.numeric else "left", no_wrap=True)
    for row in rows:
        cells = [Text(printable(row.cells[p], encoding), style=_style(columns[p], row)) for p in shown]
        if pointer:
            cells[0] = Text("> " if row.mark == "best" else "  ").append_text(cells[0])
        table.add_row(*cells, style="bold" if row.mark == "best" else "")
    return table


def _style(column: Column, row: Row) -> str:
    if not column.key:
        return ""
    return "bold red" if row.mark == "odd" else "bold"


def markdown(sheet: Sheet) -> str:
    """The sheet as GitHub Markdown that ends with a newline."""
    return "\n\n".join(block for block in _blocks(sheet) if block) + "\n"


def _blocks(sheet: Sheet) -> Iterator[str]:
    yield f"### {escaped(sheet.headline)}"
    yield escaped(sheet.summary)
    yield _table(sheet.columns, sheet.rows)
    yield escaped(sheet.meaning)
    yield _table(sheet.part_columns, sheet.parts)
    named = (f"{row.cells[0]}: {row.said}" for row in sheet.rows if row.said)
    yield "\n".join(f"- {escaped(text)}" for text in (*sheet.remarks, *named, *sheet.doubts))
    yield escaped(where(sheet.environment))


def _table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    rules = ("---:" if column.numeric else "---" for column in columns)
    lines = [_line(escaped(column.name) for column in columns), _line(rules)]
    return "\n".join([*lines, *(_line(_cells(columns, row)) for row in rows)]) if rows else ""


def _cells(columns: Sequence[Column], row: Row) -> Iterator[str]:
    for column, cell in zip(columns, row.cells, strict=True):
        stands_out = row.mark == "best" or (column.key and row.mark == "odd")
        yield f"**{escaped(cell)}**" if stands_out and cell else escaped(cell)


def _line(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Foreign text that Markdown shows as it is, on one line."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", " ".join(printable(text).split()))
