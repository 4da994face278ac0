"""A comparison of two results as text: what differs around it first, then what changed.

One table for the terminal and for Markdown, of the same rows.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from browserconc.model.difference import GATED, Change, Difference, Standing, Value
from browserconc.report.console import in_memory, printed
from browserconc.report.legend import look
from browserconc.report.printable import printable
from browserconc.report.wording import megabytes, seconds

_STYLE: Mapping[Standing, str] = {"better": "green", "worse": "bold red", "undecided": "yellow", "same": ""}
_SMALL = 0.05
_SHORT_NS = 10e6
"""A wait that is a smaller part of all waiting on both sides, or shorter per request, is not printed
unless it changed."""
_CALM = 0.1
"""What is undecided and hardly differs is counted, not printed, unless a gate looks at it."""
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&@$]")
_NAMES = {"rate": "pages/s", "point": "pages/s"}
NARROWEST = 60


@dataclass(frozen=True, slots=True)
class _Row:
    trial: str
    measure: str
    a: str
    b: str
    ratio: str
    p_value: str
    verdict: Standing


def render(difference: Difference, *, width: int = 80, colour: bool = False, encoding: str = "utf-8") -> str:
    """The comparison as text that ends with a newline."""
    width = max(width, NARROWEST)
    console = in_memory(width, colour=colour)

    def say(text: str, style: str = "", mark: str = "") -> None:
        indent = f"  {mark} " if mark else "  "
        safe = printable(text, encoding)
        for line in textwrap.wrap(
            safe, width, initial_indent=indent, subsequent_indent=" " * len(indent), break_on_hyphens=False
        ):
            console.print(Text(line, style=style))

    for side, name in (("A", difference.a), ("B", difference.b)):
        console.print(Text(printable(f"{side}  {name}", encoding), style="bold", overflow="fold"))
    for text in (*_surroundings(difference), *difference.refusals):
        console.print()
        say(text, "bold red" if text in difference.refusals else "", mark="!")
    if difference.comparable:
        console.print()
        say(summary(difference))
        console.print()
        for line, standing in _lines(difference, width):
            style = _STYLE[standing] if standing else "bright_black"
            console.print(Text(printable(line, encoding), style=style), soft_wrap=True)
        for number, note in enumerate(_notes(difference)):
            if not number:
                console.print()
            say(note, mark="?")
        if about_p := small_print(difference):
            console.print()
            say(about_p, "bright_black")
    if difference.gate:
        console.print()
        say(f"gate: {difference.gate}", "bold green" if difference.gate == "passed" else "bold red")
    return printed(console)


def markdown(difference: Difference) -> str:
    """The same as GitHub Markdown."""
    parts = [f"### {_safe(difference.a)} → {_safe(difference.b)}"]
    parts += [_safe(text) for text in (*_surroundings(difference), *difference.refusals)]
    if difference.comparable:
        parts.append(_safe(summary(difference)))
        head = [
            "| trial | measure | A | B | B / A | p | |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- |",
        ]
        rows = [
            f"| {' | '.join(map(_safe, (row.trial, row.measure, row.a, row.b, row.ratio, row.p_value)))} "
            f"| {f'**{row.verdict}**' if row.verdict in {'better', 'worse'} else row.verdict} |"
            for row in _rows(difference)
        ]
        parts.append("\n".join([*head, *rows]))
        parts.append("\n".join(f"- {_safe(note)}" for note in _notes(difference)))
        parts.append(_safe(small_print(difference) or ""))
    if difference.gate:
        parts.append(f"gate: **{difference.gate}**")
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(difference: Difference) -> str:
    """What changed, in one sentence."""
    of = {standing: [c for c in difference.changes if c.verdict == standing] for standing in _STYLE}
    said = [_listed(of[standing], standing) for standing in ("worse", "better") if of[standing]]
    if of["same"]:
        said.append(f"{len(of['same'])} same")
    if of["undecided"]:
        said.append(f"{len(of['undecided'])} undecided")
    if not of["worse"] and not of["better"]:
        said.insert(0, "no change that these runs can show")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}."


def _listed(changes: list[Change], standing: str) -> str:
    named = [
        f"{_measure(change.measure).replace('wait:', 'waiting for')} of {change.trial}" for change in changes
    ]
    listed = ", ".join(named) if len(named) <= 4 else f"{', '.join(named[:3])} and {len(named) - 3} more"
    return f"{standing}: {listed}"


def _surroundings(difference: Difference) -> Iterator[str]:
    if difference.environment_differences:
        yield f"Not alike: {'; '.join(difference.environment_differences)}."


def _rows(difference: Difference) -> Iterator[_Row]:
    small = _small_waits(difference)
    for change in difference.changes:
        calm = change.verdict == "undecided" and abs((change.ratio or 1) - 1) < _CALM
        if calm and change.measure not in GATED:
            continue
        if (change.trial, change.measure) in small and change.verdict in {"same", "undecided"}:
            continue
        yield _Row(
            change.trial,
            _measure(change.measure),
            _value(change.a, change.unit),
            _value(change.b, change.unit),
            "" if change.ratio is None else f"{change.ratio:.2f}",
            _probability(change),
            change.verdict,
        )


def _small_waits(difference: Difference) -> set[tuple[str, str]]:
    """Waits that matter on neither side."""
    sums: dict[str, list[float]] = {}
    for change in _waits(difference):
        of = sums.setdefault(change.trial, [0.0, 0.0])
        of[0] += _as_number(change.a)
        of[1] += _as_number(change.b)
    return {
        (change.trial, change.measure)
        for change in _waits(difference)
        for of in (sums[change.trial],)
        if _as_number(change.a) <= max(_SMALL * of[0], _SHORT_NS)
        and _as_number(change.b) <= max(_SMALL * of[1], _SHORT_NS)
    }


def _waits(difference: Difference) -> list[Change]:
    return [change for change in difference.changes if change.measure.startswith("waiting.")]


def _as_number(value: Value) -> float:
    return value if isinstance(value, int | float) else 0.0


def _measure(measure: str) -> str:
    name, _, cause = measure.partition(".")
    return f"wait: {look(cause).name}" if cause else _NAMES.get(name, name.replace("_", " "))


def _value(value: Value, unit: str | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if unit == "ns":
        return f"{seconds(round(value))} s"
    return megabytes(round(value)) if unit == "bytes" else f"{value:,.4g}"


def _probability(change: Change) -> str:
    """The p-value that a change needs."""
    p_value = change.corrected_p_value
    if p_value is None:
        return ""
    return "<.001" if p_value < 0.001 else f"{p_value:.3f}".lstrip("0") if p_value < 1 else "1"


def small_print(difference: Difference) -> str | None:
    """What p is, where the table has any."""
    if difference.comparisons < 2:
        return None
    return (
        f"p is corrected for {difference.comparisons} comparisons at once (Benjamini-Hochberg): of the "
        "changes found, at most one in twenty is expected to be chance."
    )


def _lines(difference: Difference, width: int) -> Iterator[tuple[str, Standing | None]]:
    """The table line by line, with the verdict that a line gives: a trial, then its measures below it.

    What a verdict was is too long for a column and stands beside its trial.
    """
    rows = list(_rows(difference))
    trials = {
        trial: [row for row in rows if row.trial == trial] for trial in dict.fromkeys(r.trial for r in rows)
    }
    alone = all(len(of) == 1 for of in trials.values())
    measured = [row for row in rows if row.measure != "verdict"]
    cells = [_cells(row, alone=alone) for row in measured]
    widths = [max(map(len, column)) for column in zip(_HEAD, *cells, strict=True)]
    if measured:
        yield _aligned(_HEAD, widths), None
    for trial, of in trials.items():
        verdict = next((row for row in of if row.measure == "verdict"), None)
        if not alone or verdict:
            yield from _heading(trial, verdict, width)
        for row in of:
            if row is not verdict:
                yield _aligned(_cells(row, alone=alone), widths), row.verdict


_HEAD = ("", "A", "B", "B/A", "p", "")


def _cells(row: _Row, *, alone: bool) -> tuple[str, ...]:
    name = f"  {row.trial}: {row.measure}" if alone else f"    {row.measure}"
    return name, row.a, row.b, row.ratio, row.p_value, row.verdict


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures, verdict = (printable(cell) for cell in cells)
    of_name, *of_figures, _ = widths
    placed = (cell.rjust(place) for cell, place in zip(figures, of_figures, strict=True))
    return f"{name.ljust(of_name)}  {'  '.join(placed)}  {verdict}"


def _heading(trial: str, verdict: _Row | None, width: int) -> Iterator[tuple[str, Standing | None]]:
    if verdict is None:
        said = trial
    elif verdict.a == verdict.b:
        said = f"{trial}: {verdict.a}"
    else:
        said = f"{trial}: {verdict.a} -> {verdict.b}: {verdict.verdict}"
    for line in textwrap.wrap(
        printable(said), width, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
    ):
        yield line, verdict.verdict if verdict else "same"


def _notes(difference: Difference) -> Iterable[str]:
    """Why something is undecided; the same reason once, with what it is about."""
    about: dict[str, list[str]] = {}
    for change in difference.changes:
        if change.note:
            about.setdefault(change.note, []).append(f"{change.trial} {_measure(change.measure)}")
    for note, what in about.items():
        named = ", ".join(what[:3]) + (f" and {len(what) - 3} more" if len(what) > 3 else "")
        yield f"{named}: {note.rstrip('.')}."


def _safe(text: str) -> str:
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", printable(text))
