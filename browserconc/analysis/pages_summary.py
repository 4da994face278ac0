"""What all pages of an observed browser say together."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from browserconc.analysis.causes import CAUSES
from browserconc.model.cause import Cause
from browserconc.model.finding import UNATTRIBUTED, Conclusion, RequestFinding, TrialFinding


def summarise(trials: Sequence[TrialFinding]) -> Conclusion:
    """The conclusion over all pages, the worst first: the limit for which most was waited."""
    waited = {
        cause.id: sum(trial.waiting_ns.get(cause.id, 0) for trial in trials)
        for cause in CAUSES
        if cause.limits
    }
    blamed = [trial for trial in trials if trial.verdict.cause]
    worst = max(blamed, key=lambda trial: waited.get(trial.verdict.cause or "", 0), default=None)
    if worst is None:
        return Conclusion(_calm(trials), None, None, None, None, None, None, ())
    verdict = worst.verdict
    cause = next(cause for cause in CAUSES if cause.id == verdict.cause)
    streams = "".join(f" {line}" for line in verdict.because if "stay open" in line)
    return Conclusion(
        summary=_summary(cause, trials) + streams,
        culprit=verdict.culprit,
        cause=verdict.cause,
        limit=verdict.limit,
        server_limit=verdict.limit if verdict.culprit == "server" else None,
        browser_limit=verdict.limit if verdict.culprit == "browser" else None,
        skew=None,
        remedies=(),
    )


def _summary(cause: Cause, trials: Sequence[TrialFinding]) -> str:
    waits = [
        (sum(piece.duration_ns for piece in request.slices if piece.cause == cause.id), request)
        for trial in trials
        for request in trial.requests
    ]
    waits = [(wait, request) for wait, request in waits if wait]
    total_ns = sum(wait for wait, _ in waits)
    longest_ns, longest = max(waits, key=lambda pair: pair[0])
    everything_ns = sum(sum(trial.waiting_ns.values()) for trial in trials)
    share = int(100 * total_ns / everything_ns + 1e-9)
    return (
        f"{_requests(trials)}: {len(waits)} waited {total_ns / 1e9:.2f} s in all for the {cause.title} "
        f"({share} % of all waiting), the longest {longest_ns / 1e9:.2f} s, {_path(longest)}. {cause.what} "
        f"What removes it: {cause.remedy[:1].lower()}{cause.remedy[1:]}"
    )


def _calm(trials: Sequence[TrialFinding]) -> str:
    open_questions = sum(trial.verdict.kind == "undecided" for trial in trials)
    if open_questions:
        pages = "1 page" if open_questions == 1 else f"{open_questions} pages"
        waited = sum(trial.waiting_ns.get(UNATTRIBUTED, 0) for trial in trials) / 1e9
        return (
            f"{_requests(trials)}: no limit was seen, but what {pages} waited for, {waited:.2f} s in all, is "
            "undecided."
        )
    return f"{_requests(trials)}: no limit of the browser held any of them back."


def _requests(trials: Sequence[TrialFinding]) -> str:
    number = sum(len(trial.requests) for trial in trials)
    pages = "1 page" if len(trials) == 1 else f"{len(trials)} pages"
    return f"{number:,} request{'s' * (number != 1)} of {pages}"


def _path(request: RequestFinding) -> str:
    try:
        parts = urlsplit(request.url)
    except ValueError:
        return request.url
    path = parts.path or "/"
    return f"{path}{'?' + parts.query if parts.query else ''} of {parts.netloc.rpartition('@')[2]}"
