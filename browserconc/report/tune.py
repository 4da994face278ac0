"""What `tune` found as text: the answer, the settings that were tried, the curve, and code to paste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.text import Text

from browserconc.model.tuning import Point, Tuning
from browserconc.report import tune_words as words
from browserconc.report.console import in_memory, printed
from browserconc.report.legend import look
from browserconc.report.plot import Dot, plot
from browserconc.report.printable import printable
from browserconc.report.sheet import Column, Row, Sheet, grid
from browserconc.report.sheet import markdown as as_markdown
from browserconc.report.tune_settings import settings
from browserconc.report.wording import megabytes, percent, seconds

_WIDEST_PLOT = 100


_MEANING = (
    "setting: browsers x contexts in each x tabs in each; what was multiplied: "
    "c contexts, p tabs (pages), b browsers, m several of them"
)
_COLUMNS = (
    Column("setting"),
    Column("pages/s", numeric=True),
    Column("p50", numeric=True),
    Column("p95", numeric=True),
    Column("p99", numeric=True, spacious=True),
    Column("memory", numeric=True),
    Column("CPU/page", numeric=True),
    Column("bound by"),
)


def sheet(tuned: Tuning) -> Sheet:
    """What the terminal, the page and Markdown show of it."""
    advice = tuned.advice
    best = advice.chosen.setting if advice.chosen else None
    points = sorted(advice.points, key=lambda each: (words.letter(each.setting), each.setting))
    return Sheet(
        command="tune",
        headline=words.headline(tuned),
        summary=words.summary(tuned),
        environment=tuned.environment,
        columns=_COLUMNS,
        rows=tuple(Row(_cells(point), mark="best" if point.setting == best else None) for point in points),
        meaning=_MEANING if points else "",
        remarks=tuple(_remarks(tuned)),
        doubts=advice.doubts,
        part_columns=tuple(Column(name, numeric=name != "host") for name in words.HOST_COLUMNS),
        parts=tuple(
            Row((one.host, one.rate, one.p95, one.memory, one.cpu, one.clock)) for one in words.hosts(tuned)
        ),
    )


def _cells(point: Point) -> tuple[str, ...]:
    setting = point.setting
    return (
        f"{words.letter(setting)} {setting.browsers:>2} x {setting.contexts:>2} x {setting.tabs:>2}",
        words.rate(point),
        f"{seconds(point.p50_ns)} s",
        f"{seconds(point.p95_ns)} s",
        f"{seconds(point.p99_ns)} s",
        megabytes(point.memory_bytes) if point.memory_bytes else "-",
        "-" if point.cpu_ns_per_page is None else f"{point.cpu_ns_per_page / 1e6:.0f} ms",
        words.bound(point) + (f", {point.errors} failed" if point.errors else ""),
    )


def markdown(tuned: Tuning) -> str:
    """The sheet and the code as GitHub Markdown that ends with a newline."""
    code = [f"**{one.crawler}**\n\n```text\n{one.code}\n```\n" for one in settings(tuned)]
    return "\n".join([as_markdown(sheet(tuned)), *code])


def render(tuned: Tuning, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """The whole report, at most `width` columns wide but for the code, which is not broken."""
    console = in_memory(width, colour=colour)

    def paragraph(text: str, style: str = "") -> None:
        console.print(Padding(Text(printable(text, encoding), style=style), (0, 0, 0, 2)))

    shown = sheet(tuned)
    console.print(Text(printable(shown.headline, encoding)))
    console.print()
    paragraph(shown.summary, "bold")
    if shown.rows:
        console.print()
        console.print(Padding(grid(shown.columns, shown.rows, encoding=encoding, pointer=True), (0, 0, 0, 2)))
        paragraph(shown.meaning, "dim")
    if shown.parts:
        console.print()
        parts = grid(shown.part_columns, shown.parts, encoding=encoding)
        console.print(Padding(parts, (0, 0, 0, 2)))
    for lines in _plots(tuned, min(width - 2, _WIDEST_PLOT)):
        console.print()
        for line in lines:
            console.print(Text(f"  {line}"), no_wrap=True)
    console.print()
    for text in shown.remarks:
        paragraph(text)
    for doubt in shown.doubts:
        paragraph(f"! {doubt}", "yellow")
    for one in settings(tuned):
        console.print()
        console.print(Text(f"  {one.crawler}", style="bold"))
        for line in one.code.splitlines():
            console.print(Text(f"    {line}"), soft_wrap=True)
    return printed(console)


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


def _wrapped(kinds: Sequence[str], width: int) -> list[str]:
    """The legend, broken between its entries."""
    lines = [""]
    for kind in kinds:
        longer = f"{lines[-1]}  {kind}" if lines[-1] else kind
        lines[-1:] = [longer] if len(longer) <= width else [lines[-1], kind]
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
