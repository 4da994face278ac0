"""What a visit leaves in doubt, and why it may allow no verdict at all."""

from __future__ import annotations

from collections.abc import Sequence

from browserconc.analysis.service import host_and_path
from browserconc.model.cause import Case
from browserconc.model.finding import RequestFinding


def doubts_of(loads: Sequence[RequestFinding], requests: Sequence[RequestFinding], tabs: int) -> list[str]:
    """Tabs that did not load, and answers that were errors."""
    doubts = []
    failed = [load for load in loads if load.error is not None]
    if failed:
        doubts.append(f"{len(failed)} of {tabs} tabs did not load: {failed[0].error}.")
    refused = [request for request in requests if (request.status or 0) >= 400]
    if refused:
        doubts.append(
            f"{len(refused)} of {len(requests)} answers were errors (status {refused[0].status}, "
            f"{host_and_path(refused[0].url)})."
        )
    return doubts


def no_verdict(case: Case, loads: Sequence[RequestFinding]) -> str | None:
    """Why nothing can be said; None where something can."""
    if case.evidence.error or not loads:
        return case.evidence.error or "No tab was opened."
    failed = [load.error for load in loads if load.error is not None and not timed_out(load.error)]
    if 2 * len(failed) >= len(loads):
        return f"{len(failed)} of {len(loads)} tabs could not load: {failed[0]}."
    refused = [load.status for load in loads if load.status is not None and load.status >= 400]
    if 2 * len(refused) >= len(loads):
        return (
            f"{len(refused)} of {len(loads)} were answered with an error (status {refused[0]}), which says "
            "nothing of those that are served."
        )
    seen = {source for timeline in case.timelines for source in timeline.tracks}
    if "netlog" not in case.evidence.sources and "client" not in seen:
        return "The browser left no log that says what its requests waited for."
    return None


def timed_out(error: str) -> bool:
    """Was it waited for in vain, rather than refused?"""
    return any(
        sign in error for sign in ("not loaded within", "no answer within", "no complete answer within")
    )
