"""`browserconc diff`: reads two results, recordings or surveys and says what changed from A to B."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from browserconc.analysis import difference, readings_difference
from browserconc.analysis.difference_gate import gated
from browserconc.model.difference import GATED, MEASURES, Criterion, Difference, Readings
from browserconc.model.finding import Result
from browserconc.recording import RecordingError
from browserconc.report import readings_json, result_json
from browserconc.report.json_text import ResultError

__all__ = ["DifferenceError", "compare", "criterion"]


class DifferenceError(Exception):
    """A side that cannot be read, or a threshold that makes no sense: one sentence."""


def compare(a: Path, b: Path, criterion: Criterion) -> Difference:
    """What changed from A to B; each is a recording's folder or a JSON file that browserconc wrote.

    Raises:
        DifferenceError: one of them cannot be read.
    """
    one, other = _read(a), _read(b)
    names = str(a), str(b)
    if isinstance(one, Result) and isinstance(other, Result):
        return gated(difference.compare(one, other, criterion, names), criterion)
    if isinstance(one, Readings) and isinstance(other, Readings) and one.kind == other.kind:
        return gated(readings_difference.compare(one, other, criterion, names), criterion)
    reason = f"A is {_kind(one)} and B is {_kind(other)}: give two of the same kind."
    return Difference(*names, (reason,), (), ())


def criterion(gate: bool = False, thresholds: Mapping[str, float] | None = None, **more: bool) -> Criterion:
    """When a difference counts; a gate looks at the usual measures and at those with a threshold.

    Args:
        gate: whether there is one.
        thresholds: the share of A's value up to which a difference is none, by measure.
        more: `across_machines`.

    Raises:
        DifferenceError: a threshold for what is no measure.
    """
    margins = dict(thresholds or {})
    for measure in margins:
        if measure not in MEASURES:
            raise DifferenceError(f"There is no measure {measure!r}. Choices: {', '.join(MEASURES)}.")
    return Criterion(margins, gated=frozenset({*GATED, *margins}) if gate else frozenset(), **more)


def _read(source: Path) -> Result | Readings:
    try:
        if source.is_dir():
            from browserconc import recorded  # noqa: PLC0415 - loads the browser's driver, which files do without

            return recorded.analyze(source)
        if source.is_char_device():  # /dev/zero never ends
            raise DifferenceError(f"{source} is a device; give a recording's folder or a result's file.")
        text = source.read_bytes()
        if readings_json.schema(text) in readings_json.KINDS:
            return readings_json.parse(text)
        return result_json.parse(text)
    except OSError as problem:
        raise DifferenceError(f"{source} cannot be read ({problem.strerror or problem}).") from problem
    except (RecordingError, ResultError) as problem:
        raise DifferenceError(f"{source} cannot be compared: {problem}") from problem


def _kind(side: Result | Readings) -> str:
    return "a result" if isinstance(side, Result) else f"a survey ({side.kind})"
