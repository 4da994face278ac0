"""The report for the terminal: the answer first, the evidence after, then the price of each way out.

One calm screen at 80 columns, readable without colour. Everything foreign is shown as `printable`
makes it, and nothing is read as rich's markup.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from browserconc.model.finding import Result
from browserconc.report import table, waterfall
from browserconc.report.console import in_memory, printed
from browserconc.report.printable import printable
from browserconc.report.table import Group, Row
from browserconc.report.tabs import one_bar_per_tab
from browserconc.report.wording import (
    advice_title,
    at_once,
    blamed,
    cause_named,
    headline,
    megabytes,
    price,
    remedies_title,
    seconds,
    share_named,
    sustained,
    took,
)

NARROWEST = 40
"""Columns below which no table is readable; a narrower terminal breaks these lines itself."""
_INDENT = 2
_LABELS = range(15, 23)
"""The strategy column, which the picture shares: as wide as the longest name within these."""
_WITHOUT_MEMORY = 72
"""Columns below which the table does without memory, the one number the conclusion repeats."""
_NUMBER_AND_UNIT = re.compile(r"(?<=\d) (?=(?:s|ms|MB|GB|%)(?:\W|$))")


def render(
    result: Result,
    *,
    width: int = 80,
    colour: bool = False,
    verbose: bool = False,
    encoding: str = "utf-8",
) -> str:
    """The report as text that ends with a newline, no line wider than `width` (at least 40) cells.

    `verbose` draws every request of every strategy. `encoding` is the terminal's: one that
    cannot show `█` gets ASCII.
    """
    return _Page(one_bar_per_tab(result), max(width, NARROWEST), colour, verbose, encoding).text()


class _Page:
    def __init__(self, result: Result, width: int, colour: bool, verbose: bool, encoding: str) -> None:
        self.result = result
        self.width = width
        self.verbose = verbose
        self.encoding = encoding
        self.colour = colour
        self.groups = table.groups(result)
        self.rows = [row for group in self.groups for row in group.rows]
        longest = max((len(row.name) for row in self.rows), default=0)
        self.labels = min(max(longest, _LABELS[0]), _LABELS[-1]) if width >= _WITHOUT_MEMORY else _LABELS[0]
        self.console = in_memory(width, colour=colour)

    def text(self) -> str:
        sections: list[list[RenderableType]] = [
            [self.say(headline(self.result), style="bold", indent=0)],
            [self.say(self.result.conclusion.summary)] if self.result.conclusion.summary else [],
            self.tables(),
            self.evidence(),
            self.pictures(),
            self.remedies(),
            self.advice(),
            self.doubts(),
            self.footer(),
        ]
        for number, section in enumerate(filter(None, sections)):
            if number:
                self.console.print()
            for part in section:
                self.console.print(part)
        return printed(self.console)

    def say(self, text: str, *, style: str = "", indent: int = _INDENT) -> RenderableType:
        return Padding(Text(self.wrapped(text, self.width - indent), style=style), (0, 0, 0, indent))

    def wrapped(self, text: str, width: int) -> str:
        """Breaks lines, but not between a number and its unit, which rich would."""
        held = _NUMBER_AND_UNIT.sub("\N{NO-BREAK SPACE}", printable(text, self.encoding))
        broken = textwrap.fill(held, width, break_on_hyphens=False)
        return broken.replace("\N{NO-BREAK SPACE}", " ")

    def point(self, mark: str, text: str, style: str = "") -> RenderableType:
        """A line that hangs under itself where it is too long for one."""
        grid = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 1, 0, 0))
        hanging = self.wrapped(text, self.width - _INDENT - len(mark) - 1)
        grid.add_row(Text(mark, style=style), Text(hanging))
        return Padding(grid, (0, 0, 0, _INDENT))

    def lines(self, drawn: Iterable[waterfall.Line]) -> list[RenderableType]:
        return [Padding(Text.assemble(*line, no_wrap=True), (0, 0, 0, _INDENT)) for line in drawn]

    def tables(self) -> list[RenderableType]:
        parts: list[RenderableType] = []
        for group in self.groups:
            if len(self.groups) > 1:
                parts += [*([Text()] if parts else []), self.say(group.target, style="bold")]
            parts.append(Padding(self.table(group), (0, 0, 0, _INDENT)))
            if released := table.spreads(group):
                parts.append(self.say(released, style="bright_black"))
        notes = [
            self.point("?", f"undecided: {names}: {why}", "yellow")
            for names, why in table.said_of(self.rows, undecided=True)
        ]
        notes += [self.point("!", f"{name}: {what}", "red") for name, what in table.failures(self.rows)]
        return parts + [Text()] * bool(notes) + notes

    def table(self, group: Group) -> Table:
        repeated = max((len(row.repeats) for row in group.rows), default=1) > 1
        memory = self.width >= _WITHOUT_MEMORY + 24 * repeated and any(
            row.memory_per_tab_bytes is not None for row in group.rows
        )
        grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bright_black")
        label = self.labels if self.width >= _WITHOUT_MEMORY else 8
        grid.add_column("strategy", overflow="fold", min_width=label)
        grid.add_column("took", justify="right", overflow="fold")
        if repeated:
            grid.add_column("min-max", overflow="fold")
        grid.add_column("at once", justify="right", overflow="fold")
        grid.add_column("held back by", overflow="fold")
        grid.add_column("", justify="right", overflow="fold")
        if repeated:
            grid.add_column("runs", justify="right", overflow="fold")
        if memory:
            grid.add_column("per tab", justify="right", overflow="fold")
        for row in group.rows:
            verdict = row.trial.verdict
            range_ = f"{seconds(row.fastest_ns)}-{seconds(row.slowest_ns)}"
            size = row.memory_per_tab_bytes
            grid.add_row(
                Text(printable(row.name, self.encoding)),
                took(row.trial),
                *([range_] if repeated else []),
                sustained(row.trial),
                self.held_back(row),
                share_named(verdict),
                *([f"{row.agreeing}/{len(row.repeats)}"] if repeated else []),
                *(["-" if size is None else megabytes(size)] if memory else []),
            )
        return grid

    def held_back(self, row: Row) -> Text:
        verdict = row.trial.verdict
        if not row.held_back:
            return Text("-", style="bright_black")
        culprit = blamed(verdict)
        style = "yellow" if verdict.kind == "undecided" else "bold"
        named = printable(cause_named(verdict), self.encoding)
        return Text.assemble(f"{culprit:<8} " if culprit else "", (named, style))

    def pictures(self) -> list[RenderableType]:
        bar = max(self.width - _INDENT - self.labels - 2 - waterfall.NOTE_WIDTH, waterfall.NARROWEST)
        parts: list[RenderableType] = []
        causes: set[str] = set()
        calm: list[str] = []
        several = len(self.groups) > 1
        for group in self.groups:
            to_draw, uneventful = table.to_draw(group, every=self.verbose)
            calm += [f"{name} ({group.target})" if several else name for name in uneventful]
            if several and to_draw:
                parts.append(self.say(group.target, style="bold"))
            for row, alike in to_draw:
                picture = waterfall.picture(row.trial, bar, whole=self.verbose)
                causes |= picture.causes
                parts += self.lines(waterfall.lines(row.name, picture, self.labels, bar, self.encoding))
                if alike:
                    parts.append(self.say(f"The same picture: {', '.join(alike)}.", style="bright_black"))
                parts.append(Text())
        if causes:
            parts += self.lines(waterfall.legend(causes, self.width - _INDENT, self.encoding))
        if calm:
            parts.append(self.say(f"Nothing held back: {', '.join(calm)}.", style="bright_black"))
        return parts

    def remedies(self) -> list[RenderableType]:
        remedies = self.result.conclusion.remedies
        if not remedies:
            return []
        grid = Table.grid(padding=(0, 2, 0, 0))
        roomy = self.width >= _WITHOUT_MEMORY
        grid.add_column(overflow="fold")
        grid.add_column(justify="right", no_wrap=roomy, overflow="fold")
        grid.add_column(no_wrap=roomy, overflow="fold")
        grid.add_column(no_wrap=roomy, overflow="fold")
        for remedy in remedies:
            grid.add_row(
                Text(printable(remedy.change, self.encoding)),
                f"{seconds(remedy.makespan_ns)} s",
                at_once(remedy, self.result),
                Text(price(remedy)) if remedy.proven else Text("not tried", style="yellow"),
            )
        return [
            self.say(f"{remedies_title(remedies)}:", style="bold"),
            Padding(grid, (0, 0, 0, 2 * _INDENT)),
        ]

    def evidence(self) -> list[RenderableType]:
        conclusion = self.result.conclusion
        said = table.evidence_of(self.rows, " ".join([conclusion.summary, *conclusion.because]))
        return [
            *(self.point("-", because) for because in conclusion.because),
            *(self.point("-", f"{name}: {because}") for name, because in said),
        ]

    def advice(self) -> list[RenderableType]:
        conclusion = self.result.conclusion
        return [self.say(f"{advice_title(conclusion)}: {conclusion.advice}")] if conclusion.advice else []

    def doubts(self) -> list[RenderableType]:
        return [
            *(self.point("!", doubt, "yellow") for doubt in self.result.conclusion.doubts),
            *(
                self.point("!", f"{names}: {doubt}", "yellow")
                for names, doubt in table.said_of(self.rows, undecided=False)
            ),
        ]

    def footer(self) -> list[RenderableType]:
        folder = self.result.recording
        return [self.say(f"recording: {folder}", style="bright_black")] if folder else []
