"""Whether a difference passes the gate, and what to say of it."""

from __future__ import annotations

from dataclasses import replace

from browserconc.model.difference import Change, Criterion, Difference


def gated(difference: Difference, criterion: Criterion) -> Difference:
    """The difference with its gate: failed if a measure that counts is worse.

    What could not be compared neither passes nor fails; without a gate nothing does.
    """
    if not criterion.gated or not difference.comparable:
        return difference
    return replace(difference, gate="failed" if regressions(difference, criterion) else "passed")


def regressions(difference: Difference, criterion: Criterion) -> list[Change]:
    """What is worse among the measures that count."""
    return [change for change in _counting(difference, criterion) if change.verdict == "worse"]


def open_questions(difference: Difference, criterion: Criterion) -> int:
    """How many of the measures that count are undecided."""
    return sum(change.verdict == "undecided" for change in _counting(difference, criterion))


def _counting(difference: Difference, criterion: Criterion) -> list[Change]:
    return [change for change in difference.changes if change.measure.partition(".")[0] in criterion.gated]
