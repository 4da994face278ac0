"""How many requests ran at once, as a level that can be compared: serial < limited < concurrent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from browserconc.model.difference import Standing
from browserconc.model.finding import TrialFinding, Verdict


@dataclass(frozen=True, slots=True)
class Level:
    """The verdict that most repeats came to. `at_once` is None where that is undecided, inf for no limit."""

    verdict: Verdict
    at_once: float | None
    agreeing: int
    runs: int

    @classmethod
    def of(cls, trials: Sequence[TrialFinding]) -> Level:
        """The level of the repeats of one trial."""
        judged = Counter(_judgement(trial.verdict) for trial in trials)
        commonest, times = judged.most_common(1)[0]
        trial = next(trial for trial in trials if _judgement(trial.verdict) == commonest)
        at_once = _at_once(trial) if times * 2 > len(trials) else None
        return cls(trial.verdict, at_once, times, len(trials))

    def __str__(self) -> str:
        verdict = self.verdict
        words = [verdict.kind if verdict.limit in (None, 1) else f"{verdict.kind} to {verdict.limit}"]
        if verdict.cause and verdict.kind in {"limited", "serial"}:
            words.append(verdict.cause)
        if self.agreeing < self.runs:
            words.append(f"{self.agreeing} of {self.runs} runs")
        return ", ".join(words)


def level_changed(a: Level, b: Level) -> tuple[Standing, str | None]:
    """Which level is the better one, and why where it is not clear."""
    if a.at_once is None or b.at_once is None:
        who = "A" if a.at_once is None else "B"
        level = a if a.at_once is None else b
        if level.verdict.kind == "undecided":
            reason = next(iter(level.verdict.doubts), "no reason was recorded")
            return "undecided", f"{who} is undecided: {reason}"
        return "undecided", f"the runs of {who} do not agree"
    if a.at_once != b.at_once:
        return ("better" if b.at_once > a.at_once else "worse"), None
    return "same", None if a.verdict.cause == b.verdict.cause else "as many at once, but another cause"


def _judgement(verdict: Verdict) -> tuple[str, str | None, int | None]:
    return verdict.kind, verdict.cause, verdict.limit


def _at_once(trial: TrialFinding) -> float | None:
    match trial.verdict.kind:
        case "concurrent":
            return inf
        case "serial":
            return 1
        case "limited":
            return trial.verdict.limit or trial.concurrency.sustained
        case _:
            return None
