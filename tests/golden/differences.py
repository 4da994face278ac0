"""Pairs of results as `browserconc diff` gets them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from browserconc.analysis import difference
from browserconc.analysis.difference_gate import gated
from browserconc.model.difference import GATED, Criterion, Difference
from browserconc.model.finding import Conclusion, Result, TrialFinding
from tests.golden.results import CHROMIUM, default_run, in_batches, one_by_one, raw, result, trial

CRITERION = Criterion({}, gated=frozenset(GATED))
NOTHING = Conclusion("", None, None, None, None, None, None, ())


def tabs(delay: int, repeat: int) -> TrialFinding:
    """Ten tabs of one URL."""
    requests = one_by_one(10, delay=delay)
    return trial(
        "tabs",
        requests,
        "serial",
        sustained=1,
        cause="cache-lock",
        culprit="browser",
        limit=1,
        repeat=repeat,
        per_tab=38,
    )


def queued(width: int, repeat: int) -> TrialFinding:
    """Ten requests to so many workers."""
    return trial(
        "contexts",
        in_batches(10, width, "server-width", delay=500 + repeat),
        "limited",
        sustained=width,
        cause="server-width",
        culprit="server",
        limit=width,
        server=f"gunicorn-sync:{width}",
        repeat=repeat,
        per_tab=50,
    )


def of(trials: Sequence[TrialFinding]) -> Result:
    """A result of those trials."""
    return result(trials, NOTHING)


def slower() -> Difference:
    """The endpoint became slower, in each of five runs."""
    a = of([tabs(500 + r, r) for r in range(5)] + [replace(raw(), repeat=r) for r in range(5)])
    b = of([tabs(600 + r, r) for r in range(5)] + [replace(raw(), repeat=r) for r in range(5)])
    return difference.compare(a, b, CRITERION, ("before.json", "after.json"))


def wider() -> Difference:
    """Another server, and another browser."""
    other = replace(CHROMIUM, version="157.0.1.2", switches=("--headless=new", "--enable-quic"))
    a, b = of([queued(2, r) for r in range(4)]), of([queued(4, r) for r in range(4)])
    b = replace(b, environment=replace(b.environment, browser=other))
    return difference.compare(a, b, CRITERION, ("two.json", "four.json"))


def once() -> Difference:
    """One run on each side, on different machines."""
    a = default_run()
    b = replace(a, environment=replace(a.environment, cpus=16))
    return difference.compare(a, b, CRITERION, ("laptop.json", "server.json"))


def nothing_in_common() -> Difference:
    """Ten tabs against twenty."""
    a, b = of([raw(10)]), of([raw(20)])
    return difference.compare(a, b, CRITERION, ("ten.json", "twenty.json"))


DIFFERENCES: dict[str, Callable[[], Difference]] = {
    "diff-slower": lambda: gated(slower(), CRITERION),
    "diff-wider": lambda: gated(wider(), CRITERION),
    "diff-once": once,
    "diff-refused": nothing_in_common,
}
