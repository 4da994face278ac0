"""Two results side by side: what got better, what worse, and what these runs cannot tell.

Trials are matched by strategy, load and server; their repeats are the samples, because the requests of
one trial disturb each other and are not independent. What was not measured alike is not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from statistics import median

from browserconc.analysis import environments, measured_difference
from browserconc.analysis.measured_difference import Comparison
from browserconc.analysis.standing import Level, level_changed
from browserconc.model.difference import Change, Criterion, Difference, Standing, Unit
from browserconc.model.finding import Result, TrialFinding

OBSERVED = frozenset({"explain", "watch"})
"""Commands that read what happened, however long that was, so that makespans mean nothing."""
_Key = tuple[object, ...]
_Trials = Sequence[TrialFinding]


def compare(a: Result, b: Result, criterion: Criterion, names: tuple[str, str] = ("A", "B")) -> Difference:
    """B against A: better and worse are B's."""
    of_a, of_b = _matchable(a), _matchable(b)
    common = [key for key in of_a if key in of_b]
    different = tuple(_differences(a, b, of_a, of_b))
    refusals = tuple(_refusals(a, b, of_a, of_b, common))
    alike = criterion.across_machines or environments.one_machine(a.environment, b.environment)
    if refusals:
        return Difference(*names, refusals, different, ())
    pairs = [(_name(key, common), of_a[key], of_b[key]) for key in common]
    numbers = [list(_numbers(*pair)) for pair in pairs]
    together = list(chain.from_iterable(numbers))
    judged = iter(measured_difference.changes(together, criterion, alike=alike))
    changes = [
        change
        for pair, own in zip(pairs, numbers, strict=True)
        for change in (*_told(*pair), *islice(judged, len(own)))
    ]
    return Difference(*names, (), different, tuple(changes))


def _observed(result: Result) -> bool:
    return result.command in OBSERVED and all(trial.server is None for trial in result.trials)


def _matchable(result: Result) -> dict[_Key, list[TrialFinding]]:
    """The repeats of each trial, by what must be alike for a comparison.

    The server that was asked most is the one under test and may differ, as "before" and "after" do;
    further ones, such as the wider server of a proof, match by their name. So does a browser where a
    result has several.
    """
    main = _tested(result)
    several = len({trial.browser for trial in result.trials if trial.browser}) > 1
    found: dict[_Key, list[TrialFinding]] = {}
    for trial in result.trials:
        target = None if _target(trial) == main else _target(trial)
        browser = trial.browser if several else None
        key: _Key = (trial.strategy, trial.tabs, trial.delay_ns, target, browser)
        found.setdefault((trial.id,) if _observed(result) else key, []).append(trial)
    return found


def _target(trial: TrialFinding) -> str:
    return trial.server or trial.url


def _tested(result: Result) -> str | None:
    """The one server or URL that more strategies asked than any other; None where there is none."""
    strategies = Counter(target for target, _ in {(_target(t), t.strategy) for t in result.trials})
    (first, most), *others = strategies.most_common(2) or [("", 0)]
    return first if first and all(times < most for _, times in others) else None


def _name(key: _Key, common: Sequence[_Key]) -> str:
    """The strategy alone where that is unique among those compared."""
    strategy, *rest = key
    if sum(other[0] == strategy for other in common) == 1 or not rest:
        return str(strategy)
    tabs, _, target, browser = rest
    several = len({other[1] for other in common}) > 1
    name = f"{strategy} x{tabs}" if several else str(strategy)
    return name + (f" in {browser}" if browser else "") + (f" ({target})" if target else "")


def _differences(
    a: Result, b: Result, of_a: Mapping[_Key, _Trials], of_b: Mapping[_Key, _Trials]
) -> Iterator[str]:
    yield from environments.differences(a.environment, b.environment)
    if not _observed(a) and not _observed(b):
        mains = (_tested(a), _tested(b))
        if None not in mains and mains[0] != mains[1]:
            yield f"server: A {mains[0]}, B {mains[1]}"
    for who, mine, theirs in (("A", of_a, of_b), ("B", of_b, of_a)):
        only = [key for key in mine if key not in theirs]
        if only and len(only) < len(mine):
            yield f"only in {who}: {', '.join(dict.fromkeys(_name(key, list(mine)) for key in only))}"


def _refusals(
    a: Result, b: Result, of_a: Mapping[_Key, _Trials], of_b: Mapping[_Key, _Trials], common: Sequence[_Key]
) -> Iterator[str]:
    for who, result in (("A", a), ("B", b)):
        if not result.trials:
            yield f"{who} holds no trial."
    if not a.trials or not b.trials:
        return
    if _observed(a) != _observed(b):
        yield (
            f"A is what {a.command} and B what {b.command} says: a browser that was observed and trials "
            "that were run have no measure in common."
        )
    elif not common:
        loads = [", ".join(dict.fromkeys(_load(key) for key in found)) for found in (of_a, of_b)]
        yield f"They have no trial in common: A has {loads[0]}; B has {loads[1]}."


def _load(key: _Key) -> str:
    if len(key) == 1:
        return str(key[0])
    strategy, tabs, delay_ns, *_ = key
    delay = f" of {delay_ns / 1e9:g} s" if isinstance(delay_ns, int) else ""
    return f"{strategy} with {tabs} requests{delay}"


def _told(name: str, a: _Trials, b: _Trials) -> Iterator[Change]:
    """What is no matter of chance: the verdict, then the failures."""
    yield _verdict(name, a, b)
    failed = [[float(_failed(trial)) for trial in trials] for trials in (a, b)]
    if any(map(any, failed)):
        yield _errors(name, failed[0], failed[1])


def _numbers(name: str, a: _Trials, b: _Trials) -> Iterator[Comparison]:
    """What was measured in every run."""
    for measure, unit, read in _measures(a, b):
        of_a, of_b = ([value for trial in of if (value := read(trial)) is not None] for of in (a, b))
        if of_a and of_b:
            yield Comparison(name, measure, unit, of_a, of_b)


def _measures(a: _Trials, b: _Trials) -> Iterator[tuple[str, Unit, Callable[[TrialFinding], float | None]]]:
    trials = [*a, *b]
    if any(trial.strategy != "observed" for trial in trials):
        yield "makespan", "ns", lambda trial: trial.makespan_ns
    for cause in dict.fromkeys(cause for trial in trials for cause, ns in trial.waiting_ns.items() if ns):
        yield f"waiting.{cause}", "ns", _waiting(cause)
    yield "memory", "bytes", lambda trial: trial.cost.memory_bytes / trial.tabs if trial.cost else None
    yield "cpu", "ns", lambda trial: trial.cost.cpu_ns if trial.cost else None


def _waiting(cause: str) -> Callable[[TrialFinding], float]:
    """Per request, so that pages with more of them do not seem to wait longer."""
    return lambda trial: trial.waiting_ns.get(cause, 0) / max(len(trial.requests), 1)


def _verdict(name: str, a: _Trials, b: _Trials) -> Change:
    levels = Level.of(a), Level.of(b)
    standing, note = level_changed(*levels)
    runs = len(a), len(b)
    return Change(name, "verdict", str(levels[0]), str(levels[1]), standing, runs=runs, note=note)


def _failed(trial: TrialFinding) -> int:
    return sum(bool(request.error) or (request.status or 0) >= 400 for request in trial.requests)


def _errors(name: str, a: Sequence[float], b: Sequence[float]) -> Change:
    """Failures are no noise: it is enough that every run of one side has more of them."""
    standing: Standing = "undecided"
    if max(a) == max(b) and min(a) == min(b):
        standing = "same"
    elif min(b) > max(a):
        standing = "worse"
    elif max(b) < min(a):
        standing = "better"
    note = None if standing != "undecided" else "only some of the runs failed more"
    return Change(
        name, "errors", median(a), median(b), standing, "requests", runs=(len(a), len(b)), note=note
    )
