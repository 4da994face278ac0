"""The picture of one trial: a bar per request, a glyph per moment, for every text report.

It is drawn as pieces of (text, colour), so the terminal colours it and Markdown drops the colours.
Each cell shows the cause that filled most of it; a cell is blank where the request was not alive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from browserconc.model.finding import SERVICE, UNATTRIBUTED, RequestFinding, TrialFinding
from browserconc.report.legend import in_order, look
from browserconc.report.printable import printable
from browserconc.report.wording import seconds

Line = list[tuple[str, str]]
"""Pieces of text with the colour of each; "" is the terminal's own."""

NOTE_WIDTH = 9
NARROWEST = 10
_HEAD, _TAIL = 9, 2
_ALIKE = 3
"""Cells: a boundary or two that moved by one, about a fiftieth of the picture."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One request, or `size` of them that look the same; `cells` holds a cause or None per cell."""

    label: str
    cells: tuple[str | None, ...]
    end_ns: int
    failed: bool
    size: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """One trial's bars in the order of their ends; `left_out` requests stand after `_HEAD` bars."""

    axis: str
    bars: tuple[Bar, ...]
    left_out: int

    @property
    def causes(self) -> set[str]:
        """What the legend has to name."""
        return {cause for bar in self.bars for cause in bar.cells if cause is not None}


def picture(trial: TrialFinding, width: int, *, whole: bool = False) -> Picture:
    """Draws `trial` over `width` cells, at most a dozen bars of requests that look the same.

    With `whole` every request has a bar of its own.
    """
    ordered = sorted(trial.requests, key=lambda request: (request.end_ns, request.index))
    begin = min((request.start_ns for request in ordered), default=0)
    begin = min(begin, 0)
    end = max((request.end_ns for request in ordered), default=0)
    span = max(end - begin, 1)
    bars = [
        Bar(str(request.index + 1), cells(request, begin, span, width), request.end_ns, _failed(request))
        for request in ordered
    ]
    if not whole:
        bars = _merged(bars)
    hidden = bars[_HEAD:-_TAIL] if not whole and len(bars) > _HEAD + _TAIL + 1 else []
    shown = [*bars[:_HEAD], *bars[-_TAIL:]] if hidden else bars
    return Picture(_axis(span, width), tuple(shown), sum(bar.size for bar in hidden))


def _merged(bars: list[Bar]) -> list[Bar]:
    """Neighbours that differ in so few cells that the eye takes them for the same become one."""
    merged: list[Bar] = []
    first: Bar | None = None
    for bar in bars:
        if first and first.failed == bar.failed and _different_cells(first, bar) <= _ALIKE:
            size = merged[-1].size + 1
            merged[-1] = replace(bar, label=f"{size:,} alike", size=size)
        else:
            merged.append(bar)
            first = bar
    return merged


def _different_cells(one: Bar, other: Bar) -> int:
    return sum(a != b for a, b in zip(one.cells, other.cells, strict=True))


def _failed(request: RequestFinding) -> bool:
    return request.error is not None or (request.status or 0) >= 400


def cells(request: RequestFinding, begin_ns: int, span_ns: int, width: int) -> tuple[str | None, ...]:
    """The cause that filled most of each of `width` cells from `begin_ns` over `span_ns`.

    The server's work is never rounded away: the eye looks for it in every bar.
    """
    slices = [piece for piece in request.slices if piece.end_ns > piece.start_ns]
    starts = [piece.start_ns for piece in slices]
    drawn: list[str | None] = []
    for cell in range(width):
        left, right = begin_ns + span_ns * cell // width, begin_ns + span_ns * (cell + 1) // width
        filled: dict[str, int] = {}
        for piece in slices[max(bisect_right(starts, left) - 1, 0) :]:
            if piece.start_ns >= right:
                break
            overlap = min(piece.end_ns, right) - max(piece.start_ns, left)
            if overlap > 0:
                filled[piece.cause] = filled.get(piece.cause, 0) + overlap
        most = max(filled, key=lambda cause: filled[cause], default=None)
        drawn.append(most if sum(filled.values()) * 2 > right - left else None)
    for piece in slices:
        if piece.cause == SERVICE and SERVICE not in drawn:
            drawn[_cell((piece.start_ns + piece.end_ns) // 2, begin_ns, span_ns, width)] = SERVICE
    if not any(drawn) and width:
        cause = slices[0].cause if slices else UNATTRIBUTED
        drawn[_cell(request.start_ns, begin_ns, span_ns, width)] = cause
    return tuple(drawn)


def _cell(at_ns: int, begin_ns: int, span_ns: int, width: int) -> int:
    return min(max((at_ns - begin_ns) * width // span_ns, 0), width - 1)


def _axis(span_ns: int, width: int) -> str:
    """Numbers over the bars, at steps of 1, 2 or 5 that leave room between them."""
    unit, unit_ns = ("s", 1_000_000_000) if span_ns >= 20_000_000 else ("ms", 1_000_000)
    total = span_ns / unit_ns
    step = exponent = 0.0
    for exponent in range(-6, 12):
        step = next((m * 10.0**exponent for m in (1, 2, 5) if m * 10.0**exponent * width / total >= 7), 0)
        if step:
            break
    decimals = max(-int(exponent), 0)
    line = ""
    for tick in range(int(total / step) + 1 if step else 1):
        at = round(tick * step * width / total)
        label = f"{tick * step:.{decimals}f}" if tick else "0"
        if tick and at > width:
            break
        line = line.ljust(at) + label
    return f"{line} {unit}"


def lines(name: str, drawn: Picture, label_width: int, bar_width: int, encoding: str = "utf-8") -> list[Line]:
    """The picture as text: the name and the axis, then a line per request."""
    fitted = printable(name, encoding)
    head = f"{fitted:<{label_width}}" if len(fitted) <= label_width else f"{fitted[: label_width - 1]}."
    text: list[Line] = [[(head, "bold"), (f"  {drawn.axis}", "bright_black")]]
    for place, bar in enumerate(drawn.bars):
        if drawn.left_out and place == _HEAD:
            more = f"{printable('…', encoding)} {drawn.left_out:,} more in between"
            text.append([(f"{'':{label_width}}  {more}", "bright_black")])
        line: Line = [(f"{bar.label:>{label_width}}  ", "bright_black")]
        line += _runs(bar.cells, encoding)
        note = "failed" if bar.failed else f"{seconds(bar.end_ns)} s"
        line.append((f"{note:>{NOTE_WIDTH}}", "red" if bar.failed else "bright_black"))
        text.append(line)
    return text


def _runs(row: Sequence[str | None], encoding: str) -> Line:
    runs: Line = []
    for cause in row:
        glyph, colour = (printable(look(cause).glyph, encoding), look(cause).colour) if cause else (" ", "")
        if runs and runs[-1][1] == colour:
            runs[-1] = (runs[-1][0] + glyph, colour)
        else:
            runs.append((glyph, colour))
    return runs


def legend(causes: set[str], width: int, encoding: str = "utf-8") -> list[Line]:
    """The glyphs in use and what they mean, packed into lines of `width`."""
    text: list[Line] = [[]]
    used = 0
    for cause in in_order(causes):
        glyph, name = printable(look(cause).glyph, encoding), printable(look(cause).name, encoding)
        piece = 1 + 1 + len(name)
        if used and used + 3 + piece > width:
            text.append([])
            used = 0
        text[-1] += [("   ", "")] * bool(used) + [(glyph, look(cause).colour), (f" {name}", "")]
        used += piece + 3 * bool(used)
    return text
