"""A browser's limits as text: what was measured beside what others publish, then what follows of each."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from browserconc.model.limit import Limit, Limits


def render(limits: Limits, *, colour: bool = False, width: int = 80) -> str:
    """A line of figures for each limit, then what follows from each; at most `width` columns wide."""
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, markup=False
    )
    browser = limits.environment.browser
    named = f"{browser.name} {browser.version}" if browser else "a browser"
    console.print(Text(f"What {named} allows, measured in {limits.took_s:.0f} s"))
    console.print()
    console.print(Padding(_figures(limits), (0, 0, 0, 2)))
    console.print()
    for limit in limits.limits:
        said = Text(f"{limit.id}: ", style="bold")
        said.append(limit.error or limit.consequence, style="yellow" if limit.error else "not bold")
        if limit.note and not limit.error:
            said.append(f" ({limit.note})", style="dim not bold")
        console.print(Padding(said, (0, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).rstrip() + "\n"


def _figures(limits: Limits) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("limit", no_wrap=True)
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("others say", no_wrap=True)
    for limit in limits.limits:
        table.add_row(limit.id, Text(measured(limit), style="bold"), limit.unit, limit.published)
    return table


def measured(limit: Limit) -> str:
    """`6`, `303-441`, `> 560` where none was seen, `?` where it could not be measured."""
    if limit.error:
        return "?"
    if limit.value is None:
        return "none" if limit.low is None else f"> {limit.low:g}"
    if limit.low is not None and limit.high is not None and limit.low != limit.high:
        return f"{limit.low:g}-{limit.high:g}"
    return f"{limit.value:g}"
