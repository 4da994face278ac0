"""`browserconc diff`: what changed between two results."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import click

from browserconc.cli.exits import EXPECTATION_FAILED, CannotMeasure, WrongUsage
from browserconc.cli.output import check_targets, colour, width, write

_THRESHOLD = re.compile(r"([a-z]+)[:=](\d+(?:\.\d+)?) ?%")


@click.command()
@click.argument("a", metavar="A", type=click.Path(path_type=Path))
@click.argument("b", metavar="B", type=click.Path(path_type=Path))
@click.option("--gate", is_flag=True, help="Exit 1 if a verdict, errors, makespan or limit is worse in B.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="MEASURE:N%",
    help="What counts as no change, and is gated; may be repeated.  [10%]",
)
@click.option("--across-machines", is_flag=True, help="Judge times and memory of different machines too.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write it as JSON; - for stdout alone.")
@click.option("--markdown", metavar="FILE|-", help="Write it as Markdown.")
def diff(
    a: Path,
    b: Path,
    gate: bool,
    thresholds: tuple[str, ...],
    across_machines: bool,
    json_file: str | None,
    markdown: str | None,
) -> int:
    """Say what changed from result A to result B, and whether it is more than chance.

    Each is a recording's folder or a JSON file of `compare`, `diagnose`, `explain`, `watch`,
    `servers`, `limits` or `tune`. Times need repeats: four runs on each side at least.

    \b
    browserconc compare --repeat 5 --json before.json
    browserconc compare --repeat 5 --json after.json --server gunicorn-sync:8
    browserconc diff before.json after.json
    browserconc diff before.json after.json --gate --threshold makespan:20%
    """
    from browserconc import difference
    from browserconc.analysis.difference_gate import open_questions, regressions
    from browserconc.report import difference as page
    from browserconc.report import difference_json

    check_targets(json_file, markdown)
    try:
        criterion = difference.criterion(
            gate, dict(map(_threshold, thresholds)), across_machines=across_machines
        )
    except difference.DifferenceError as problem:
        raise WrongUsage(str(problem)) from problem
    try:
        found = difference.compare(a, b, criterion)
    except difference.DifferenceError as problem:
        raise CannotMeasure(str(problem)) from problem
    files: list[tuple[str | None, Callable[[], str]]] = [
        (json_file, lambda: difference_json.render(found)),
        (markdown, lambda: page.markdown(found)),
    ]
    for target, render in files:
        if target and target != "-":
            write(target, render())
    on_stdout = [render for target, render in files if target == "-"]
    if not on_stdout:
        encoding = sys.stdout.encoding or "utf-8"
        on_stdout = [lambda: page.render(found, width=width(), colour=colour(), encoding=encoding)]
    for render in on_stdout:
        click.echo(render(), nl=False, color=colour())
    if not gate:
        return 0
    if not found.comparable:
        raise CannotMeasure(f"The gate cannot be judged: {found.refusals[0]}")
    if undecided := open_questions(found, criterion):
        click.echo(f"Undecided among the gated measures: {undecided}. Run more repeats.", err=True)
    for change in regressions(found, criterion):
        click.echo(f"{change.trial}: {change.measure} is worse.", err=True)
    return EXPECTATION_FAILED if found.gate == "failed" else 0


def _threshold(text: str) -> tuple[str, float]:
    found = _THRESHOLD.fullmatch(text)
    if not found:
        raise WrongUsage(f"--threshold {text!r} is not MEASURE:N%, such as makespan:20%.")
    return found[1], float(found[2]) / 100
