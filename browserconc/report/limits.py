"""A browser's limits as text: what was measured beside what others publish, then what follows of each."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from browserconc.model.limit import Limit, Limits
from browserconc.report.console import in_memory, printed
from browserconc.report.printable import printable
from browserconc.report.sheet import Column, Row, Sheet, grid

_COLUMNS = (
    Column("limit"),
    Column("measured", numeric=True, key=True),
    Column(""),
    Column("others say"),
)


def sheet(limits: Limits) -> Sheet:
    """What the terminal, the page and Markdown show of them."""
    browser = limits.environment.browser
    named = f"{browser.name} {browser.version}" if browser else "a browser"
    return Sheet(
        command="limits",
        headline=f"The limits of {named}",
        summary=f"What {named} allows, measured in {limits.took_s:.0f} s",
        environment=limits.environment,
        columns=_COLUMNS,
        rows=tuple(map(_row, limits.limits)),
        meaning="Each by a real trial: so much was asked for at once, and what arrived was counted.",
    )


def render(limits: Limits, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """A line of figures for each limit, then what follows from each; at most `width` columns wide."""
    console = in_memory(width, colour=colour)
    shown = sheet(limits)
    console.print(Text(printable(shown.summary, encoding)))
    console.print()
    console.print(Padding(grid(shown.columns, shown.rows, encoding=encoding), (0, 0, 0, 2)))
    console.print()
    for row in shown.rows:
        said = Text(printable(f"{row.cells[0]}: ", encoding), style="bold")
        said.append(printable(row.said, encoding), style="yellow" if row.mark == "missing" else "not bold")
        console.print(Padding(said, (0, 0, 0, 2)))
    return printed(console)


def _row(limit: Limit) -> Row:
    note = f" ({limit.note})" if limit.note else ""
    return Row(
        (limit.id, measured(limit), limit.unit, limit.published),
        limit.error or f"{limit.consequence}{note}",
        "missing" if limit.error else None,
    )


def measured(limit: Limit) -> str:
    """`6`, `303-441`, `> 560` where none was seen, `?` where it could not be measured."""
    if limit.error:
        return "?"
    if limit.value is None:
        return "none" if limit.low is None else f"> {limit.low:g}"
    if limit.low is not None and limit.high is not None and limit.low != limit.high:
        return f"{limit.low:g}-{limit.high:g}"
    return f"{limit.value:g}"
