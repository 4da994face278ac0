"""The result as one HTML file that needs nothing else: style, script and data are in it.

What can be said in words stands in the page as it is written, so it reads without the script;
the script draws the charts. Foreign text reaches the page only through Jinja's escaping, and a
Content-Security-Policy lets nothing run or load but what was put in here, known by its hash.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from browserconc.model.finding import SERVICE, Result, TrialFinding
from browserconc.report import table, wording
from browserconc.report.legend import in_order, look
from browserconc.report.page_data import page_data
from browserconc.report.palette import PATTERNS, paint
from browserconc.report.printable import printable
from browserconc.report.table import Group, Row

_PAGE = Path(__file__).parent / "page"
_FULL = 99.5
"""Per cent of the width that the longest bar takes: its end mark is a line that needs room."""
_SCRIPTS = (
    "data.js",
    "scale.js",
    "svg.js",
    "card.js",
    "lanes.js",
    "flight.js",
    "chart.js",
    "hands.js",
    "main.js",
)
"""In this order, for each uses only what stands before it."""


@dataclass(frozen=True, slots=True)
class Swatch:
    """A cause in the legend, with its pattern as an SVG path."""

    number: int
    name: str
    hue: str
    path: str


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar in the table: its place and width in per cent of the longest makespan."""

    swatch: Swatch
    left: float
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class Glance:
    """One row's bar: the average request by cause, and how long all of them took together."""

    parts: tuple[Part, ...]
    makespan: float


@dataclass(frozen=True, slots=True)
class Chart:
    """One trial that the script draws; `number` is its place in the data."""

    number: int
    title: str
    trial: TrialFinding
    opened: bool


def render(result: Result) -> str:
    """The page as HTML text that ends with a newline."""
    groups = table.groups(result)
    rows = [row for group in groups for row in group.rows]
    causes = in_order(
        {piece.cause for trial in result.trials for request in trial.requests for piece in request.slices}
    )
    swatches = {cause: _swatch(number, cause) for number, cause in enumerate(causes)}
    style, script = _read("style.css"), "\n".join(_read(name) for name in _SCRIPTS)
    return (
        _template().render(
            result=result,
            groups=groups,
            rows=rows,
            swatches=list(swatches.values()),
            glance=_glances(rows, swatches),
            charts=_charts(groups),
            undecided=table.said_of(rows, undecided=True),
            doubts=table.said_of(rows, undecided=False),
            failures=table.failures(rows),
            evidence=table.evidence_of(
                rows, " ".join([result.conclusion.summary, *result.conclusion.because])
            ),
            not_tried=wording.advice_title(result.conclusion),
            data=page_data(result, rows, causes),
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
        + "\n"
    )


def _swatch(number: int, cause: str) -> Swatch:
    painted = paint(cause)
    return Swatch(number, look(cause).name, painted.hue, PATTERNS[painted.pattern])


def _glances(rows: list[Row], swatches: dict[str, Swatch]) -> Callable[[Row], Glance]:
    longest = max((row.trial.makespan_ns for row in rows), default=0) or 1
    return lambda row: _glance(row.trial, longest, swatches)


def _glance(trial: TrialFinding, longest_ns: int, swatches: dict[str, Swatch]) -> Glance:
    spent = dict(trial.waiting_ns)
    spent[SERVICE] = sum(
        piece.duration_ns for request in trial.requests for piece in request.slices if piece.cause == SERVICE
    )
    parts = []
    left = 0.0
    for cause, ns in sorted(spent.items(), key=lambda item: (item[0] == SERVICE, -item[1])):
        if ns <= 0 or cause not in swatches:
            continue
        mean_ns = ns / max(len(trial.requests), 1)
        width = _FULL * mean_ns / longest_ns
        label = f"{look(cause).name} {wording.seconds(round(mean_ns))} s"
        parts.append(Part(swatches[cause], left, width, label))
        left += width
    return Glance(tuple(parts), _FULL * trial.makespan_ns / longest_ns)


def _charts(groups: tuple[Group, ...]) -> list[Chart]:
    charts: list[Chart] = []
    for group in groups:
        for row in group.rows:
            for trial in row.repeats:
                of_group = f", {group.target}" if len(groups) > 1 else ""
                run = f", run {trial.repeat + 1}" if len(row.repeats) > 1 else ""
                charts.append(Chart(len(charts), f"{row.name}{of_group}{run}", trial, trial is row.trial))
    return charts


@cache
def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}  # ASCII, so surrogates survive
    for name in (
        "seconds",
        "megabytes",
        "headline",
        "blamed",
        "cause_named",
        "share_named",
        "price",
        "remedies_title",
        "at_once",
        "count",
        "where",
    ):
        environment.globals[name] = getattr(wording, name)
    environment.globals["spreads"] = table.spreads
    return environment.get_template("page.html")
