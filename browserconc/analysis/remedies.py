"""What would remove a cause, and which of it did: only a change that was run and helped is a remedy."""

from __future__ import annotations

from collections.abc import Sequence

from browserconc.analysis.blame import worst_status
from browserconc.analysis.conclusion import CHANGES, FASTER, price
from browserconc.analysis.visit_verdict import Judged
from browserconc.model.finding import Remedy, Result, TrialFinding, Verdict
from browserconc.model.outside import ServerView

TABS = "tabs"
REMOVES = {
    "cache-lock": ("tabs-distinct", "no-cache", "tabs-hosts", "contexts"),
    "host-limit": ("tabs-hosts", "contexts"),
    "pool-limit": ("contexts",),
    "proxy-limit": ("contexts",),
    "websocket-handshake": ("contexts",),
    "websocket-limit": ("contexts",),
    "web-lock": ("contexts",),
    "session-lock": ("contexts",),
    "shared-renderer": ("contexts",),
}
"""Strategies that would remove a cause, the cheapest first."""
LEFT, HELPED = 0.1, 0.6
"""What is left of a cause that is gone, of all waiting; and of the time that the tabs took."""


def trial_of(trials: Sequence[TrialFinding], strategy: str) -> TrialFinding | None:
    """The trial of that strategy, if there was one."""
    return next((trial for trial in trials if trial.strategy == strategy), None)


def to_try(found: Result, server: ServerView | None, *, on_document: bool, loopback: bool) -> tuple[str, ...]:
    """The strategies that would remove what held the tabs back, cheapest first; none where nothing did."""
    tabs = trial_of(found.trials, TABS)
    if tabs is None:
        return ()
    causes = [found.conclusion.cause, tabs.verdict.cause, tabs.verdict.suspect]
    if server and server.cause and server.cause not in REMOVES and found.conclusion.cause == server.cause:
        return ()  # what the browser does about its own limits would change nothing
    for cause in causes:
        if cause in REMOVES:
            return tuple(
                name
                for name in REMOVES[cause]
                if (name != "tabs-distinct" or on_document)
                and (name != "no-cache" or not on_document)
                and (name != "tabs-hosts" or loopback)
            )
    return ()


def remedies(verdict: Verdict, tabs: TrialFinding, judged: Sequence[Judged]) -> list[Remedy]:
    """The changes that were run and helped, cheapest first."""
    if verdict.cause is None:
        return []
    found = []
    for strategy, change in CHANGES.items():
        one = next((one for one in judged if one.finding.strategy == strategy), None)
        if one is None or not _removes(verdict.cause, tabs, one):
            continue
        trial = one.finding
        found.append(
            Remedy(
                change=change,
                cause_removed=verdict.cause,
                makespan_ns=trial.makespan_ns,
                limit=_limit(trial),
                memory_per_tab_bytes=round(trial.cost.memory_bytes / trial.tabs) if trial.cost else None,
                startup_ns=trial.cost.startup_ns if trial.cost else None,
                proven=True,
                trial=trial.id,
            )
        )
    return sorted(found, key=price)


def _limit(trial: TrialFinding) -> int | None:
    if trial.verdict.kind == "undecided":
        return trial.concurrency.sustained
    return max(trial.verdict.limit, trial.concurrency.sustained) if trial.verdict.limit else None


def _removes(cause: str, before: TrialFinding, judged: Judged) -> bool:
    """Did the tabs load sooner, with answers as good as before?"""
    after = judged.finding
    return (
        all(load.error is None for load in judged.loads)
        and worst_status(after) <= max(worst_status(before), 399)
        and after.makespan_ns < FASTER * before.makespan_ns
        and (after.verdict.kind != "undecided" or _is_gone(cause, before, after))
        and (after.verdict.cause != cause or after.concurrency.sustained > before.concurrency.sustained)
    )


def _is_gone(cause: str, before: TrialFinding, after: TrialFinding) -> bool:
    """Does it help, whatever else may hold the tabs back then and remains undecided?"""
    waited = after.waiting_ns.get(cause, 0)
    return waited <= LEFT * sum(after.waiting_ns.values()) and after.makespan_ns < HELPED * before.makespan_ns
