"""A scatter plot in text: points as letters, a curve as dots, a mark below; to the right x doubles evenly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log2, log10

MARGIN = 8
"""Columns to the left of the plot: its figures and the axis."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A measured point; `letter` says of what kind."""

    x: float
    y: float
    letter: str


def plot(
    title: str,
    dots: Sequence[Dot],
    *,
    width: int,
    height: int,
    curve: Callable[[float], float] | None = None,
    mark: float | None = None,
    axis: bool = True,
) -> list[str]:
    """The lines of the plot, none longer than `width`.

    Args:
        title: what the vertical axis shows.
        dots: what was measured; later ones lie over earlier ones.
        width: of the whole, in columns.
        height: of the plotted area, in lines.
        curve: drawn beneath the dots.
        mark: a place on the horizontal axis that is pointed at.
        axis: whether the figures below the horizontal axis are wanted.
    """
    columns = width - MARGIN
    most_x = max((dot.x for dot in dots), default=1.0)
    top = round_up(max((dot.y for dot in dots), default=1.0))
    grid = [[" "] * columns for _ in range(height)]

    def column(x: float) -> int:
        return min(columns - 1, round(log2(max(1.0, x)) / log2(max(2.0, most_x)) * (columns - 1)))

    def line(y: float) -> int:
        return height - 1 - min(height - 1, max(0, round(y / top * (height - 1))))

    if curve:
        for at in range(column(1.0), columns):
            x = max(2.0, most_x) ** (at / (columns - 1))
            if curve(x) <= top:
                grid[line(curve(x))][at] = "."
    for dot in dots:
        grid[line(dot.y)][column(dot.x)] = dot.letter
    figures = {0: top, height - 1: 0.0}
    if height > 6:
        figures[(height - 1) // 2] = top * (1 - (height - 1) // 2 / (height - 1))
    lines = [title]
    for number, row in enumerate(grid):
        figure = _at_the_side(figures[number]) if number in figures else ""
        lines.append(f"{figure:>{MARGIN - 2}} |{''.join(row)}".rstrip())
    pointed = ["-"] * columns
    if mark is not None and 1 <= mark <= most_x:
        pointed[column(mark)] = "^"
    lines.append(" " * (MARGIN - 1) + "+" + "".join(pointed))
    if axis:
        lines.append(_figures([dot.x for dot in dots], column, columns))
    return lines


def _at_the_side(value: float) -> str:
    """A figure that fits into the margin."""
    text = f"{value:.4g}"
    if len(text) <= MARGIN - 2:
        return text
    return f"{value:.0f}" if 1 <= value < 1e6 else f"{value:.0e}"


def _figures(values: Sequence[float], column: Callable[[float], int], columns: int) -> str:
    """The figures below the axis, as many as fit without touching."""
    text = [" "] * (columns + 3)
    free = 0
    for value in sorted(set(values)):
        figure = f"{value:g}"
        at = max(0, column(value) - (len(figure) - 1) // 2)
        if at >= free and at + len(figure) <= len(text) - 3:
            text[at : at + len(figure)] = figure
            free = at + len(figure) + 1
    return (" " * MARGIN + "".join(text)).rstrip()


def round_up(value: float) -> float:
    """Where an axis ends: the next of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten."""
    if value < sys.float_info.min:  # nothing, or so little that a power of ten underflows
        return 1.0
    power = 10.0 ** floor(log10(value))
    steps = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
    return float(next(step for step in steps if step * power >= value * 0.9999)) * power
