"""What `tune` found as text: the answer, the settings that were tried, the curve, and code to paste."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from browserconc.model.tuning import Point, Tuning
from browserconc.report import tune_words as words
from browserconc.report.legend import look
from browserconc.report.plot import Dot, plot
from browserconc.report.printable import printable
from browserconc.report.tune_settings import settings
from browserconc.report.wording import megabytes, percent, seconds

_WIDEST_PLOT = 100


def render(tuned: Tuning, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """The whole report, at most `width` columns wide but for the code, which is not broken."""
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, markup=False
    )

    def paragraph(text: str, style: str = "") -> None:
        console.print(Padding(Text(printable(text, encoding), style=style), (0, 0, 0, 2)))

    console.print(Text(printable(words.headline(tuned), encoding)))
    console.print()
    paragraph(words.summary(tuned), "bold")
    if tuned.advice.points:
        console.print()
        console.print(Padding(_table(tuned, encoding), (0, 0, 0, 2)))
        paragraph("setting: browsers x contexts in each x tabs in each", "dim")
    if rows := words.hosts(tuned):
        console.print()
        console.print(Padding(_hosts(rows, encoding), (0, 0, 0, 2)))
    for lines in _plots(tuned, min(width - 2, _WIDEST_PLOT)):
        console.print()
        for line in lines:
            console.print(Text(f"  {line}"), no_wrap=True)
    console.print()
    for text in _remarks(tuned):
        paragraph(text)
    for doubt in tuned.advice.doubts:
        paragraph(f"! {doubt}", "yellow")
    for one in settings(tuned):
        console.print()
        console.print(Text(f"  {one.crawler}", style="bold"))
        for line in one.code.splitlines():
            console.print(Text(f"    {line}"), soft_wrap=True)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _table(tuned: Tuning, encoding: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("setting", no_wrap=True)
    for name in ("pages/s", "p50", "p95", "memory", "CPU/page"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("bound by", no_wrap=True)
    chosen = tuned.advice.chosen
    for point in sorted(tuned.advice.points, key=lambda each: (words.letter(each.setting), each.setting)):
        mine = chosen is not None and point.setting == chosen.setting
        setting = point.setting
        table.add_row(
            f"{'>' if mine else ' '} {words.letter(setting)} "
            f"{setting.browsers:>2} x {setting.contexts:>2} x {setting.tabs:>2}",
            printable(words.rate(point), encoding),
            *_figures(point),
            words.bound(point) + (f", {point.errors} failed" if point.errors else ""),
            style="bold" if mine else "",
        )
    return table


def _hosts(rows: list[words.HostRow], encoding: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in words.HOST_COLUMNS:
        table.add_column(name, justify="left" if name == "host" else "right", no_wrap=True)
    for row in rows:
        cells = (row.host, row.rate, row.p95, row.memory, row.cpu, row.clock)
        table.add_row(*(printable(cell, encoding) for cell in cells))
    return table


def _figures(point: Point) -> tuple[str, str, str, str]:
    return (
        f"{seconds(point.p50_ns)} s",
        f"{seconds(point.p95_ns)} s",
        megabytes(point.memory_bytes) if point.memory_bytes else "-",
        f"{point.cpu_ns_per_page / 1e6:.0f} ms",
    )


def _plots(tuned: Tuning, width: int) -> Iterator[list[str]]:
    points = [point for point in tuned.advice.points if point.pages]
    if len({point.setting.total for point in points}) < 2:
        return
    fit = tuned.advice.fit
    rates = [Dot(each.setting.total, each.pages_per_s, words.letter(each.setting)) for each in points]
    curve, mark = (fit.rate, fit.knee) if fit else (None, None)
    yield plot("pages/s", rates, width=width, height=11, curve=curve, mark=mark, axis=False)
    p95 = [Dot(each.setting.total, each.p95_ns / 1e9, words.letter(each.setting)) for each in points]
    lines = plot("p95, seconds", p95, width=width, height=6)
    used = {words.letter(each.setting) for each in points}
    kinds = [f"{letter} {name}" for letter, name in (*words.UNITS.values(), words.MIXED) if letter in used]
    yield [
        *lines,
        f"{'tabs':>{width}}",
        *_wrapped([*kinds, *((". fitted curve", "^ its peak") if fit else ())], width),
    ]


def _wrapped(kinds: list[str], width: int) -> list[str]:
    """The legend in lines that fit, no entry broken."""
    lines = [""]
    for kind in kinds:
        longer = f"{lines[-1]}  {kind}".strip()
        if len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(kind)
    return lines


def _remarks(tuned: Tuning) -> Iterator[str]:
    """What stands below the plot, a paragraph each."""
    advice = tuned.advice
    if law := words.knee(tuned):
        yield law
    if reasons := words.stopped(tuned):
        yield f"Growth ended: {'; '.join(reasons)}."
    if advice.waiting:
        shares = sorted(advice.waiting.items(), key=lambda item: -item[1])
        told = ", ".join(f"{look(cause).name} {percent(share)}" for cause, share in shares if share >= 0.01)
        yield f"The requests' time at the chosen setting: {told}."
    if advice.variations:
        yield f"At the chosen setting, {'; '.join(map(words.variation, advice.variations))}."
    if worn := words.worn(tuned):
        yield worn
