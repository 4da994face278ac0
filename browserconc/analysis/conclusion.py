"""What all trials of one run say together: who was to blame, and what removes it at which price."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from browserconc.analysis.causes import CAUSES
from browserconc.model.finding import Conclusion, Remedy, TrialFinding, Verdict
from browserconc.model.workload import NOUNS

RAW = "raw-socket"
NAIVE = ("tabs", "incognito", "fetch", "tabs-distinct")
"""What people take for a concurrency test, the most usual first."""

CHANGES = {
    "tabs-distinct": "give every tab its own query string",
    "fetch-distinct": "give every fetch() its own query string",
    "tabs-hosts": "one host name per tab",
    "contexts": "one browser context per tab",
    "no-cache": "disable the HTTP cache (DevTools, CDP)",
    "user-data-dirs": "one browser process and user-data-dir per tab",
    "browsers": "one browser process per tab",
}
FASTER = 0.9
"""A trial is a remedy when its makespan is below this part of the naive one's."""


def conclude(trials: Sequence[TrialFinding]) -> Conclusion:
    """The conclusion over the trials of the first server and the first browser that were tried.

    What the other browsers did instead is told in a sentence each.
    """
    measured = [trial for trial in trials if trial.requests]
    if not measured:
        why = trials[0].verdict.doubts[0] if trials and trials[0].verdict.doubts else "Nothing was measured."
        return Conclusion(why, None, None, None, None, None, None, ())
    server = measured[0].server
    names = list(dict.fromkeys(trial.browser for trial in measured if trial.browser))
    others = names[1:]
    here = [trial for trial in measured if trial.server == server and trial.browser not in others]
    raw = _typical([t for t in here if t.strategy == RAW])
    naive = _naive(here)
    judged = naive or raw
    assert judged
    verdict = judged.verdict
    skew = (
        naive.makespan_ns / raw.makespan_ns if naive and raw and raw.makespan_ns and _answered(raw) else None
    )
    return Conclusion(
        summary=" ".join((_summary(raw, naive, skew), *_beside(measured, server, others))),
        culprit=verdict.culprit,
        cause=verdict.cause,
        limit=verdict.limit,
        server_limit=raw.verdict.limit if raw else (verdict.limit if verdict.culprit == "server" else None),
        browser_limit=verdict.limit if verdict.culprit == "browser" else None,
        skew=skew,
        remedies=tuple(_remedies(judged, here, trials)),
    )


def _naive(here: Sequence[TrialFinding]) -> TrialFinding | None:
    """What people would take for the concurrency test among these trials."""
    for name in NAIVE:
        if trial := _typical([t for t in here if t.strategy == name]):
            return trial
    return _typical([t for t in here if t.strategy != RAW])


def _beside(trials: Sequence[TrialFinding], server: str | None, browsers: Sequence[str]) -> list[str]:
    """What the same test showed in each of the other browsers."""
    told = []
    for browser in browsers:
        naive = _naive([t for t in trials if t.server == server and t.browser == browser])
        if naive:
            name = browser.replace("\\", "/").rpartition("/")[2]
            took = f"{_count(naive)} took {_seconds(naive.makespan_ns)}"
            told.append(f"In {name[:1].upper()}{name[1:]}, {took[:1].lower()}{took[1:]}. {_why(naive)}")
    return told


def _typical(repeats: Sequence[TrialFinding]) -> TrialFinding | None:
    """Of several repeats the one with the median makespan, among those of the commonest verdict."""
    if not repeats:
        return None
    kinds = [_kind(trial) for trial in repeats]
    common = [
        t for t in repeats if _kind(t) == max(kinds, key=lambda k: (kinds.count(k), k[0] != "undecided"))
    ]
    middle = median([trial.makespan_ns for trial in common])
    return min(common, key=lambda trial: abs(trial.makespan_ns - middle))


def _kind(trial: TrialFinding) -> tuple[str, str]:
    return trial.verdict.kind, trial.verdict.cause or ""


def _answered(trial: TrialFinding) -> bool:
    return any(request.error is None for request in trial.requests)


def _remedies(
    judged: TrialFinding, here: Sequence[TrialFinding], trials: Sequence[TrialFinding]
) -> list[Remedy]:
    cause = judged.verdict.cause
    if cause is None:
        return []
    found = []
    for strategy, change in CHANGES.items():
        trial = _typical([t for t in here if t.strategy == strategy])
        if trial and trial is not judged and judged.strategy != RAW and _removes(cause, judged, trial):
            found.append(_remedy(change, cause, trial))
    if judged.verdict.culprit == "server":
        for trial in trials:
            if trial.server != judged.server and trial.strategy == RAW:
                raw = _typical([t for t in here if t.strategy == RAW]) or judged
                if _removes(cause, raw, trial):
                    found.append(
                        _remedy(f"serve with {trial.server} instead of {judged.server}", cause, trial)
                    )
    return sorted(found, key=price)


def _removes(cause: str, before: TrialFinding, after: TrialFinding) -> bool:
    """Did this trial show that the change helps: the cause is gone and the work was done sooner?"""
    return (
        after.verdict.kind != "undecided"
        and _answered(after)
        and after.makespan_ns < FASTER * before.makespan_ns
        and (after.verdict.cause != cause or (after.verdict.limit or 0) > (before.verdict.limit or 0))
    )


def _remedy(change: str, cause: str, trial: TrialFinding) -> Remedy:
    return Remedy(
        change=change,
        cause_removed=cause,
        makespan_ns=trial.makespan_ns,
        limit=trial.verdict.limit,
        memory_per_tab_bytes=round(trial.cost.memory_bytes / trial.tabs) if trial.cost else None,
        startup_ns=trial.cost.startup_ns if trial.cost else None,
        proven=True,
        trial=trial.id,
    )


def price(remedy: Remedy) -> tuple[int, int, int]:
    """Cheapest first: memory in steps of 20 MB, start-up in steps of a second, then what it brings."""
    memory = (remedy.memory_per_tab_bytes or 0) // 20_000_000
    startup = (remedy.startup_ns or 0) // 1_000_000_000
    return memory, startup, remedy.makespan_ns


def _summary(raw: TrialFinding | None, naive: TrialFinding | None, skew: float | None) -> str:
    parts = []
    if naive and raw and skew is not None:
        raw_took = _seconds(raw.makespan_ns)
        unanswered = sum(request.error is not None for request in naive.requests)
        parts.append(
            f"{_count(naive)}: {unanswered} had no answer after {_seconds(naive.makespan_ns)}, while the "
            f"raw-socket client had all of its answers after {raw_took}."
            if unanswered and naive.verdict.kind in ("limited", "serial")
            else f"{_count(naive)} took {_seconds(naive.makespan_ns)}, the raw-socket client {raw_took}: "
            f"{_skewed(naive, raw, skew)}."
        )
    elif naive or raw:
        only = naive or raw
        assert only
        parts.append(f"{_count(only)} took {_seconds(only.makespan_ns)}.")
    judged = naive or raw
    if judged:
        parts.append(_why(judged))
        if naive and naive.verdict.culprit == "browser" and naive.server is not None:
            parts.append(_server_side(naive))
    if raw and naive and raw.verdict.kind in ("limited", "serial") and naive.verdict.culprit == "browser":
        parts.append(f"The server has a limit too: {_at_once(raw)} by raw sockets.")
    return " ".join(part for part in parts if part)


def _skewed(naive: TrialFinding, raw: TrialFinding, skew: float) -> str:
    if naive.verdict.culprit == "browser" and skew >= 1.5:
        return f"the browser made the server look {skew:.1f} times slower than it is"
    if naive.verdict.culprit == "browser":
        return "hardly longer, though the browser held the tabs back"
    if naive.verdict.cause == "h2-streams":
        return "the raw-socket client has a connection for each request, the tabs share one"
    if naive.verdict.culprit == "server":
        return "the server is what limits them, the browser shows it truly"
    if naive.verdict.kind == "undecided":
        return "why is undecided"
    return "tabs show this server as it is"


_SENTENCES = {
    "host-limit": "The browser opens {limit} connections to one host at a time; the other requests waited "
    "for one of them",
    "server-width": "The server works on {at_once}; the others wait in its queue",
    "h2-streams": "The server allows {limit} streams on one HTTP/2 connection, and the browser opens one; "
    "the other requests waited for a stream",
}
"""What held the requests back, for causes whose limit belongs into the sentence."""


def _why(trial: TrialFinding) -> str:
    verdict = trial.verdict
    share = f"{int(verdict.share * 100 + 1e-9)} % of all waiting"  # rounded down, as in the table
    if sentence := _SENTENCES.get(verdict.cause or ""):
        limit = verdict.limit or trial.concurrency.sustained
        streams = "".join(f" {line}" for line in verdict.because if "stay open" in line)
        return f"{sentence.format(limit=limit, at_once=_at_once(trial))} ({share}).{streams}"
    match verdict.cause:
        case "cache-lock":
            which = (
                "all but the first waited for its answer"
                if _let_together(verdict)
                else "each waited for the one before it"
            )
            return (
                f"The tabs asked for the same URL, so {which} at the entry of the HTTP cache ({share})."
            ) + "".join(f" {line}" for line in verdict.because[1:])
        case None if verdict.kind == "concurrent":
            return f"All {trial.tabs} requests ran at once."
        case None:
            return f"Undecided: {verdict.doubts[0]}" if verdict.doubts else "Undecided."
        case other:
            what = next((cause.what for cause in CAUSES if cause.id == other), other)
            return f"{what.removesuffix('.')} ({share})."


def _let_together(verdict: Verdict) -> bool:
    """Whether the cache lock held the others once only, as Firefox's does (`causes/cache_lock.py`)."""
    return any(line.startswith("Firefox then let all") for line in verdict.because)


def _server_side(naive: TrialFinding) -> str:
    level = naive.concurrency.sustained
    return f"The server was never busy with more than {level} request{'s' if level != 1 else ''} for long."


def _at_once(trial: TrialFinding) -> str:
    limit = trial.verdict.limit or trial.concurrency.sustained
    return "one request at a time" if limit == 1 else f"{limit} requests at once"


def _count(trial: TrialFinding) -> str:
    number = _NUMBERS.get(trial.tabs, str(trial.tabs))
    asked = "fetch" if trial.workload == "navigate" else trial.workload
    what = NOUNS.get(asked, asked) if trial.strategy.startswith("fetch") else "tabs"
    if trial.strategy == RAW:
        what = "raw-socket requests"
    return f"{number} {what}"


_NUMBERS = {
    2: "Two",
    3: "Three",
    4: "Four",
    5: "Five",
    6: "Six",
    7: "Seven",
    8: "Eight",
    9: "Nine",
    10: "Ten",
}


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:.2f} s" if ns < 10_000_000_000 else f"{ns / 1e9:.1f} s"
