"""The words and numbers that reports share: how a time, a memory or a verdict reads."""

from __future__ import annotations

from urllib.parse import urlsplit

from browserconc.model.finding import Conclusion, Environment, Remedy, Result, TrialFinding, Verdict
from browserconc.model.workload import NOUNS
from browserconc.report.legend import look

_ENDPOINTS = ("/slow", "/cpu")
"""The addresses of ours that work; any other is the user's."""
_OBSERVED = "observed"  # the strategy of a trial that is a page of somebody else's log
_OTHERS = ("hypercorn", "sanic", "uvicorn")
"""Servers that cannot run Flask: they serve the asynchronous endpoint."""


"""Before advice that only the server's or the page's owner can follow."""


def seconds(ns: int) -> str:
    """A duration in seconds without the unit: two decimals below 10 s, one above."""
    value = ns / 1e9
    return f"{value:.2f}" if abs(value) < 9.995 else f"{value:.1f}"


def spread(ns: int) -> str:
    """A start spread: milliseconds, and seconds from one second on."""
    return f"{seconds(ns)} s" if ns >= 1e9 else f"{ns / 1e6:.0f} ms"


def megabytes(size: int) -> str:
    """A memory in MB of a million bytes."""
    return f"{size / 1e6:,.0f} MB"


def where(environment: Environment) -> str:
    """Where it was measured: versions, system, processors and memory."""
    here = environment
    return (
        f"browserconc {here.browserconc}, Python {here.python}, {here.platform}, {here.cpus} cores, "
        f"{here.memory_bytes / 1e9:.1f} GB"
    )


def percent(share: float) -> str:
    """A share of one as per cent; rounded down, so that 100 % means all of it."""
    return f"{int(share * 100 + 1e-9)} %"


def count(number: int, noun: str) -> str:
    """`1 request`, `10 requests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def headline(result: Result, *, full_version: bool = False) -> str:
    """What was measured, in one line: requests, endpoint, browser."""
    trials, browser = result.trials, result.environment.browser
    if not trials:
        return "Nothing was measured"
    named = [
        f"{each.name[:1].upper()}{each.name[1:]} "
        f"{each.version if full_version else each.version.split('.')[0]}".rstrip()
        for each in ((browser, *result.environment.browsers) if browser else ())
    ]
    driven = f", {' and '.join(named)}" if named else ""
    return f"{_requests(result)} {_target(trials)}{driven}"


def _requests(result: Result) -> str:
    if result.command in {"explain", "watch"}:  # these read what happened; nobody released it at once
        return count(sum(len(trial.requests) for trial in result.trials), "request")
    counts = sorted({trial.tabs for trial in result.trials})
    workloads = {trial.workload for trial in result.trials}
    nouns = NOUNS.get(workloads.pop(), "requests") if len(workloads) == 1 else "requests"
    if len(counts) == 1:
        return f"{count(counts[0], nouns.removesuffix('s'))} at once"
    return f"{counts[0]} to {count(counts[-1], nouns.removesuffix('s'))} at once"


def _target(trials: tuple[TrialFinding, ...]) -> str:
    servers = list(dict.fromkeys(trial.server for trial in trials if trial.server))
    urls = list(dict.fromkeys(trial.url for trial in trials))
    if not servers:
        if len(urls) == 1:
            return f"to {urls[0]}"
        pages = all(trial.strategy == _OBSERVED for trial in trials)
        return f"of {len(urls)} pages" if pages else f"to {len(urls)} URLs"
    delays = {trial.delay_ns for trial in trials if trial.server}
    theirs = delays == {None}
    delay = delays.pop() if len(delays) == 1 else None
    what = "endpoint" if any(server.startswith(_OTHERS) for server in servers) else "Flask endpoint"
    kind = f"a slow {what}" if delay is None else f"a {seconds(delay)} s {what}"
    paths = list(dict.fromkeys(urlsplit(url).path for url in urls))
    if theirs and not any(paths):
        kind = "your application"
    elif any(paths) and not set(paths) & set(_ENDPOINTS):
        kind = paths[0] if len(paths) == 1 else f"{len(paths)} addresses"
    named = servers[0] if len(servers) == 1 else f"{len(servers)} servers"
    return f"to {kind} ({named})"


def blamed(verdict: Verdict) -> str:
    """The culprit, where there is one to name."""
    return verdict.culprit or "" if verdict.kind in {"limited", "serial"} else ""


def share_named(verdict: Verdict) -> str:
    """The cause's share of the waiting, where there is a cause to name."""
    return percent(verdict.share) if verdict.kind in {"limited", "serial"} and verdict.cause else ""


def cause_named(verdict: Verdict) -> str:
    """The cause and, where one was seen, its limit: `host limit (6)`."""
    if verdict.kind == "undecided":
        return "undecided"
    if verdict.cause is None:
        return "no cause found"
    limit = f" ({verdict.limit})" if verdict.kind == "limited" and verdict.limit is not None else ""
    return look(verdict.cause).name + limit


def at_once(remedy: Remedy, result: Result) -> str:
    """What a remedy brings, as the trial that proves it showed: `10 at once`."""
    if remedy.limit is not None:
        return f"{remedy.limit} at once"
    proof = next((trial for trial in result.trials if trial.id == remedy.trial), None)
    return f"{proof.concurrency.sustained} at once" if proof else "no limit seen"


def price(remedy: Remedy) -> str:
    """What a remedy costs, where that was measured: `52 MB/tab, start 3.1 s`."""
    parts = []
    if remedy.memory_per_tab_bytes is not None:
        parts.append(f"{megabytes(remedy.memory_per_tab_bytes)}/tab")
    if remedy.startup_ns is not None:
        parts.append(f"start {remedy.startup_ns / 1e9:.1f} s")
    return ", ".join(parts)


def advice_title(conclusion: Conclusion) -> str:
    """What stands before the advice that was not run."""
    return f"What {'else ' * bool(conclusion.remedies)}removes it (not tried here)"


def took(trial: TrialFinding) -> str:
    """How long it took; a trial that did not come so far took no time."""
    return f"{seconds(trial.makespan_ns)} s" if trial.requests else "-"


def sustained(trial: TrialFinding) -> str:
    """How many ran at once, if any ran."""
    return str(trial.concurrency.sustained) if trial.requests else "-"


def remedies_title(remedies: tuple[Remedy, ...]) -> str:
    """Says whether every way out was tried."""
    proven = all(remedy.proven for remedy in remedies)
    return "Cheapest way out (each was run)" if proven else "Cheapest way out"
