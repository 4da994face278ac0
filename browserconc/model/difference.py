"""What differs between two results: measures side by side, each with a verdict and how sure it is.

Durations are integer nanoseconds, as everywhere; `unit` says what a value is counted in, and the
reports turn "ns" into seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from browserconc.model.finding import Environment

Standing = Literal["same", "better", "worse", "undecided"]
Gated = Literal["passed", "failed"]
Unit = Literal["ns", "bytes", "requests"]
Value = float | str | bool | None
"""A number in its unit, or words where there is no number: "serial, cache-lock", "no limit seen"."""

MEASURES = ("verdict", "errors", "makespan", "waiting", "memory", "cpu", "limit", "rate", "point")
"""What can be judged. `waiting` is one measure per cause, named `waiting.cache-lock`; `rate` is pages per
second at the setting that `tune` chose, `point` at one that both measured."""
GATED = ("verdict", "errors", "makespan", "limit", "rate")
"""The measures that a gate looks at unless thresholds name others too."""

OTHER_MACHINE = "the machines differ; --across-machines judges it anyway"
"""Why a time is not judged."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """When a difference counts.

    `margins` maps a measure to the share of A's value up to which a difference is none; `alpha` is
    the probability, at most, of calling it one where the runs differ by chance. `gated` are the
    measures that a gate looks at, empty without a gate. `across_machines` judges times and memory
    although the machines differ.
    """

    margins: Mapping[str, float]
    alpha: float = 0.05
    gated: frozenset[str] = frozenset()
    across_machines: bool = False

    def margin(self, measure: str) -> float:
        """The margin of a measure, or of the one that it is a part of."""
        return self.margins.get(measure.partition(".")[0], 0.1)


@dataclass(frozen=True, slots=True)
class Change:
    """One measure of one trial: the medians of A's and of B's runs.

    `ratio` is b / a. `p_value` is that of the two-sided Mann-Whitney test, `corrected_p_value` the same
    corrected for the other comparisons, `effect` the rank-biserial correlation: 1 where every run of B is
    above every one of A. All are None where they have no meaning. `note` says why a verdict is
    undecided, or what else must be known.
    """

    trial: str
    measure: str
    a: Value
    b: Value
    verdict: Standing
    unit: Unit | None = None
    ratio: float | None = None
    p_value: float | None = None
    corrected_p_value: float | None = None
    effect: float | None = None
    runs: tuple[int, int] = (1, 1)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Two results side by side. `refusals` say why they cannot be compared; empty where they can."""

    a: str
    b: str
    refusals: tuple[str, ...]
    environment_differences: tuple[str, ...]
    changes: tuple[Change, ...]
    gate: Gated | None = None

    @property
    def comparable(self) -> bool:
        """Whether anything could be judged."""
        return not self.refusals

    @property
    def comparisons(self) -> int:
        """How many p-values were corrected together."""
        return sum(change.corrected_p_value is not None for change in self.changes)


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of a survey: between `low` and `high`, None for no limit.

    `value` is how a reader of the survey sees it. `more_is_better` is None where neither is.
    `error` says why it was not measured. A `timed` one depends on the machine and on what else it did.
    """

    name: str
    measure: str
    value: Value
    low: float | None
    high: float | None
    more_is_better: bool | None
    unit: str | None = None
    error: str | None = None
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Readings:
    """All numbers of one survey: of servers, of a browser's limits, or of settings of a crawler.

    `target` is what was loaded, where that was not ours alone.
    """

    kind: str
    environment: Environment
    rows: tuple[Reading, ...]
    target: str | None = None
