"""A comparison of two results as JSON, schema "browserconc/diff-1"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from browserconc.model.difference import Change, Difference, Gated, Standing, Value
from browserconc.report.json_text import indented

SCHEMA = "browserconc/diff-1"


class Changed(Struct, frozen=True):
    """One measure of one trial."""

    trial: str
    measure: str
    a: Annotated[Value, Meta(description="A's median, in `unit`; words where there is no number.")]
    b: Value
    ratio: Annotated[float | None, Meta(description="b / a.")]
    p_value: Annotated[float | None, Meta(description="Two-sided Mann-Whitney test over the repeats.")]
    corrected_p_value: Annotated[
        float | None,
        Meta(
            description="p_value corrected for all `comparisons` (Benjamini-Hochberg), which a change needs; "
            "null where the values of all runs lie within the threshold."
        ),
    ]
    verdict: Standing
    unit: Annotated[str | None, Meta(description='"s", "bytes" or "requests".')]
    effect: Annotated[
        float | None, Meta(description="Rank-biserial correlation: 1 where every run of B is above A's.")
    ]
    runs: tuple[int, int]
    note: str | None


class Compared(Struct, frozen=True):
    """Everything that `browserconc diff` says."""

    schema: str
    a: str
    b: str
    comparable: bool
    refusals: tuple[str, ...]
    environment_differences: tuple[str, ...]
    changes: tuple[Changed, ...]
    gate: Gated | None
    comparisons: Annotated[int, Meta(description="How many p-values were corrected together.")]


def render(difference: Difference) -> str:
    """The comparison as indented JSON, ending with a newline."""
    compared = Compared(
        SCHEMA,
        difference.a,
        difference.b,
        difference.comparable,
        difference.refusals,
        difference.environment_differences,
        tuple(map(_changed, difference.changes)),
        difference.gate,
        difference.comparisons,
    )
    return indented(compared)


def _changed(change: Change) -> Changed:
    timed = change.unit == "ns"
    return Changed(
        trial=change.trial,
        measure=change.measure,
        a=_in_seconds(change.a) if timed else change.a,
        b=_in_seconds(change.b) if timed else change.b,
        ratio=change.ratio,
        p_value=change.p_value,
        corrected_p_value=change.corrected_p_value,
        verdict=change.verdict,
        unit="s" if timed else change.unit,
        effect=change.effect,
        runs=change.runs,
        note=change.note,
    )


def _in_seconds(value: Value) -> Value:
    return value if value is None or isinstance(value, str) else value / 1e9
