"""The Universal Scalability Law, fitted exactly: X(n) = first n / (1 + sigma (n - 1) + kappa n (n - 1)).

Divided the other way round it is linear: n / X(n) = a + b (n - 1) + c n (n - 1) with a = 1 / first,
b = sigma a and c = kappa a. So there is no iteration, no starting value and no library: weighted least
squares of three unknowns, none below zero, and Fieller's theorem for the knee, for its square
(a - b) / c is a ratio of two of them. Source of the law: N. Gunther, Guerrilla Capacity Planning, 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

from browserconc.model.tuning import Fit

Vector = list[float]
Matrix = list[Vector]

_NORMAL95 = 1.96
_LEAST_NOISE = 0.02
"""No rate is taken to be surer than to 2 %: windows of one setting differ by as much on a calm machine."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One point of the curve: `n` tabs gave `rate` pages per second, sure to `error` (standard error)."""

    n: int
    rate: float
    error: float


def fit(points: Sequence[Measured]) -> Fit | None:
    """The law through those points; None where they are too few (three different n) or say nothing."""
    usable = [point for point in points if point.rate > 0]
    if len({point.n for point in usable}) < 3:
        return None
    rows = [[1.0, point.n - 1.0, point.n * (point.n - 1.0)] for point in usable]
    values = [point.n / point.rate for point in usable]
    # d(n/X) = (n/X) dX/X: the error of the rate, as a share of it, is that of the value.
    weights = [
        1 / (value * max(_LEAST_NOISE, point.error / point.rate)) ** 2
        for value, point in zip(values, usable, strict=True)
    ]
    solution = _least_squares(rows, values, weights)
    if solution is None:
        return None
    (a, b, c), _ = solution
    if a <= 0:
        return None
    sigma, kappa = b / a, c / a
    knee = sqrt(max(0.0, 1 - sigma) / kappa) if kappa > 0 else None
    low, high = _fieller(rows, values, weights)
    return Fit(1 / a, sigma, kappa, None if knee is None else max(1.0, knee), low, high)


def _least_squares(rows: Matrix, values: Vector, weights: Vector) -> tuple[Vector, float] | None:
    """The best three unknowns of which none is below zero, and their weighted sum of squares.

    With three unknowns all sets of those that are zero can be tried: the best that fits is the answer.
    """
    best: tuple[Vector, float] | None = None
    for size in (3, 2, 1):
        for kept in combinations(range(3), size):
            inverse = _inverse(_normal(rows, weights, kept))
            if inverse is None:
                continue
            right = [
                sum(w * row[i] * y for row, y, w in zip(rows, values, weights, strict=True)) for i in kept
            ]
            found = [sum(x * y for x, y in zip(line, right, strict=True)) for line in inverse]
            if min(found) < 0:
                continue
            unknowns = [0.0, 0.0, 0.0]
            for i, value in zip(kept, found, strict=True):
                unknowns[i] = value
            squares = _squares(rows, values, weights, unknowns)
            if best is None or squares < best[1] * (1 - 1e-12):
                best = unknowns, squares
    return best


def _squares(rows: Matrix, values: Vector, weights: Vector, unknowns: Vector) -> float:
    return sum(
        w * (y - sum(x * u for x, u in zip(row, unknowns, strict=True))) ** 2
        for row, y, w in zip(rows, values, weights, strict=True)
    )


def _fieller(rows: Matrix, values: Vector, weights: Vector) -> tuple[float | None, float | None]:
    """The 95 % interval of the knee: all k with |(a - b) - k² c| within its own error.

    None at an end: the points do not say where it ends.
    """
    inverse = _inverse(_normal(rows, weights, (0, 1, 2)))
    if inverse is None:
        return None, None
    right = [sum(w * row[i] * y for row, y, w in zip(rows, values, weights, strict=True)) for i in range(3)]
    a, b, c = (sum(x * y for x, y in zip(line, right, strict=True)) for line in inverse)
    freedom = len(rows) - 3
    spread = max(1.0, _squares(rows, values, weights, [a, b, c]) / freedom) if freedom else 1.0
    scale = _NORMAL95**2 * spread
    top = a - b
    var_top = inverse[0][0] + inverse[1][1] - 2 * inverse[0][1]
    covariance = inverse[0][2] - inverse[1][2]
    # (top - r c)² <= scale Var(top - r c), a parabola in r = knee².
    square = c * c - scale * inverse[2][2]
    middle = top * c - scale * covariance
    rest = top * top - scale * var_top
    if top <= 0 and c <= 0:
        return None, None
    inside = middle * middle - square * rest
    if square <= 0:  # c may be zero: there may be no peak at all
        if inside <= 0:
            return None, None
        # The set lies outside of two roots; of positive r it is everything from the larger one on.
        low = max((middle - sqrt(inside)) / square, (middle + sqrt(inside)) / square)
        return (sqrt(low) if low > 1 else None), None
    root = sqrt(max(0.0, inside))
    low, high = (middle - root) / square, (middle + root) / square
    return (sqrt(low) if low > 1 else 1.0), (sqrt(high) if high > 1 else 1.0)


def _normal(rows: Matrix, weights: Vector, kept: Sequence[int]) -> Matrix:
    return [
        [sum(w * row[i] * row[j] for row, w in zip(rows, weights, strict=True)) for j in kept] for i in kept
    ]


def _inverse(matrix: Matrix) -> Matrix | None:
    """By Gauss and Jordan with pivots; None for a matrix that has none."""
    size = len(matrix)
    lines = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda k: abs(lines[k][i]))
        if abs(lines[pivot][i]) <= 1e-12 * max(abs(x) for x in matrix[pivot]) or lines[pivot][i] == 0:
            return None
        lines[i], lines[pivot] = lines[pivot], lines[i]
        lines[i] = [x / lines[i][i] for x in lines[i]]
        for k in range(size):
            if k != i:
                factor = lines[k][i]
                lines[k] = [x - factor * y for x, y in zip(lines[k], lines[i], strict=True)]
    return [line[size:] for line in lines]
