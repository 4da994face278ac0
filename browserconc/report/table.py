"""The rows of the strategy table as values: repeats gathered, servers grouped, doubts merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median_low

from browserconc.model.finding import Kind, Result, TrialFinding
from browserconc.report.wording import count, spread


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy against one server. `trial` speaks for its repeats.

    It is the one with the median makespan among those that share the commonest verdict.
    """

    name: str
    trial: TrialFinding
    repeats: tuple[TrialFinding, ...]

    @property
    def fastest_ns(self) -> int:
        """The shortest makespan of all repeats."""
        return min(trial.makespan_ns for trial in self.repeats)

    @property
    def slowest_ns(self) -> int:
        """The longest makespan of all repeats."""
        return max(trial.makespan_ns for trial in self.repeats)

    @property
    def agreeing(self) -> int:
        """How many repeats came to the same verdict as `trial`."""
        return sum(_judged(trial) == _judged(self.trial) for trial in self.repeats)

    @property
    def spread_ns(self) -> int | None:
        """The worst start spread of all repeats, where it is known."""
        known = [trial.start_spread_ns for trial in self.repeats if trial.start_spread_ns is not None]
        return max(known, default=None)

    @property
    def memory_per_tab_bytes(self) -> int | None:
        """Memory of the trial's browsers divided by its tabs."""
        cost = self.trial.cost
        return cost.memory_bytes // self.trial.tabs if cost and self.trial.tabs else None

    @property
    def held_back(self) -> bool:
        """Whether there is anything to explain."""
        return self.trial.verdict.kind != "concurrent"


@dataclass(frozen=True, slots=True)
class Group:
    """The rows against one server, or one foreign URL."""

    target: str
    rows: tuple[Row, ...]


def groups(result: Result) -> tuple[Group, ...]:
    """The trials as they were run, gathered by server and by strategy."""
    targets: dict[str, dict[tuple[str, int, int | None, str | None], list[TrialFinding]]] = {}
    for trial in result.trials:
        strategies = targets.setdefault(trial.server or trial.url, {})
        strategies.setdefault((trial.strategy, trial.tabs, trial.delay_ns, trial.browser), []).append(trial)
    several = len({trial.tabs for trial in result.trials}) > 1
    browsers = len({trial.browser for trial in result.trials if trial.browser}) > 1
    return tuple(
        Group(
            target,
            tuple(
                _row(_name(strategy, tabs if several else None, browser if browsers else None), trials)
                for (strategy, tabs, _, browser), trials in strategies.items()
            ),
        )
        for target, strategies in targets.items()
    )


def _name(strategy: str, tabs: int | None, browser: str | None) -> str:
    """The strategy, with what tells it from others of its name."""
    named = f"{strategy} x{tabs}" if tabs else strategy
    return f"{named} {browser.replace(chr(92), '/').rpartition('/')[2]}" if browser else named


def _row(name: str, trials: list[TrialFinding]) -> Row:
    verdict, _ = Counter(_judged(trial) for trial in trials).most_common(1)[0]
    agreeing = [trial for trial in trials if _judged(trial) == verdict]
    middle = median_low(trial.makespan_ns for trial in agreeing)
    trial = next(trial for trial in agreeing if trial.makespan_ns == middle)
    return Row(name, trial, tuple(trials))


def _judged(trial: TrialFinding) -> tuple[Kind, str | None, int | None]:
    return trial.verdict.kind, trial.verdict.cause, trial.verdict.limit


def to_draw(group: Group, *, every: bool) -> tuple[list[tuple[Row, list[str]]], list[str]]:
    """The rows worth a picture, each with the names of those that look like it, and the calm ones.

    With `every` each row has a picture of its own.
    """
    drawn: dict[object, tuple[Row, list[str]]] = {}
    calm = []
    for row in (row for row in group.rows if row.trial.requests):
        verdict = row.trial.verdict
        key = row.name if every else (verdict.kind, verdict.cause, verdict.limit)
        if not every and not row.held_back:
            calm.append(row.name)
        elif key in drawn:
            drawn[key][1].append(row.name)
        else:
            drawn[key] = (row, [])
    return list(drawn.values()), calm


def spreads(group: Group) -> str:
    """The start spread of each strategy, or nothing where none is known."""
    known = [(row.name, row.spread_ns) for row in group.rows if row.spread_ns is not None]
    return "Released within: " + ", ".join(f"{name} {spread(ns)}" for name, ns in known) if known else ""


def said_of(rows: Iterable[Row], *, undecided: bool) -> list[tuple[str, str]]:
    """The doubts as (rows, text); one that several rows share is said once.

    With `undecided` those of the trials that came to no verdict, which are the reasons for it;
    without, those of the others.
    """
    names: dict[str, list[str]] = {}
    for row in rows:
        for trial in row.repeats:
            if (trial.verdict.kind == "undecided") != undecided:
                continue
            texts = trial.verdict.doubts or (("no reason was recorded",) if undecided else ())
            for text in texts:
                of = names.setdefault(text, [])
                if row.name not in of:
                    of.append(row.name)
    return [(", ".join(of), text) for text, of in names.items()]


def evidence_of(rows: Iterable[Row], summary: str) -> list[tuple[str, str]]:
    """Why the verdicts say what they say, as (row, sentences) without what the summary says already.

    Once for each cause and limit, by its first trial.
    """
    said: dict[tuple[str | None, int | None], tuple[str, str]] = {}
    for row in rows:
        for trial in row.repeats:
            verdict = trial.verdict
            if new := [line for line in verdict.because if line not in summary]:
                said.setdefault((verdict.cause, verdict.limit), (row.name, " ".join(new)))
    return list(said.values())


def failures(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Requests that were not answered well as (row, sentence), the same failure of one row once."""
    said = []
    for row in rows:
        requests = [request for trial in row.repeats for request in trial.requests]
        failed = Counter(
            request.error or f"status {request.status}"
            for request in requests
            if request.error or (request.status or 0) >= 400
        )
        for why, number in failed.items():
            said.append((row.name, f"{number} of {count(len(requests), 'request')} failed: {why}"))
    return said
