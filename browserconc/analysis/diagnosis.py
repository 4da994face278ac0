"""What all experiments of a diagnosis say together, and which of them is worth running next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from browserconc.analysis.blame import decided, worst_status
from browserconc.analysis.causes import CAUSES
from browserconc.analysis.conclusion import CHANGES, FASTER, RAW
from browserconc.analysis.service import host_and_path
from browserconc.analysis.visit_verdict import Judged, slowest
from browserconc.model.cause import Cause
from browserconc.model.finding import (
    SERVICE,
    Conclusion,
    Remedy,
    RequestFinding,
    Result,
    TrialFinding,
    Verdict,
)
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


def slowest_request(alone: Judged | None) -> RequestFinding | None:
    """The request that one tab alone waits for longest."""
    if alone is None:
        return None
    return slowest([request for request in alone.finding.requests if request.critical])


def with_the_server_ns(alone: TrialFinding) -> dict[str, int]:
    """How long each address (host and path) was with the server while nothing else ran."""
    found: dict[str, int] = {}
    for request in alone.requests:
        worked = sum(piece.duration_ns for piece in request.slices if piece.cause == SERVICE)
        if worked:
            place = host_and_path(request.url)
            found[place] = max(worked, found.get(place, 0))
    return found


def in_short(server: ServerView) -> str:
    """What raw sockets found out, in a few words."""
    if server.cause:
        return f"{server.cause}, {server.limit} at once" if server.limit else server.cause
    if server.parallel_up_to:
        return f"parallel up to {server.parallel_up_to}"
    return server.doubts[0] if server.doubts else "undecided"


def to_try(found: Result, server: ServerView | None, *, on_document: bool, loopback: bool) -> tuple[str, ...]:
    """The strategies that would remove what held the tabs back, cheapest first; none where nothing did."""
    tabs = _trial(found.trials, TABS)
    if tabs is None:
        return ()
    causes = [found.conclusion.cause, tabs.verdict.cause]
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


def conclude(
    judged: Sequence[Judged],
    alone: Judged | None,
    server: ServerView | None,
    url: str,
    doubts: tuple[str, ...],
) -> Conclusion:
    """The conclusion over the experiments; `url` is the request that a tab alone waits for longest."""
    trials = [one.finding for one in judged]
    tabs = _trial(trials, TABS)
    raw = _trial(trials, RAW)
    alone_ns = alone.finding.makespan_ns if alone and alone.loads else None
    if tabs is None or not tabs.requests:
        why = tabs.verdict.doubts[0] if tabs and tabs.verdict.doubts else "No tabs were measured."
        return Conclusion(
            why, None, None, None, None, None, None, (), url=url, alone_ns=alone_ns, doubts=doubts
        )
    verdict = decided(tabs, raw, server, url)
    examined, url = url, _waited_for(judged, verdict) or url
    cause = next((cause for cause in CAUSES if cause.id == verdict.cause), None)
    remedies = tuple(_remedies(verdict, tabs, judged))
    per_tab = sum(host_and_path(request.url) == host_and_path(url) for request in tabs.requests) / tabs.tabs
    same = host_and_path(examined) == host_and_path(url)
    skew = tabs.makespan_ns / raw.makespan_ns if _comparable(raw) and raw and same and per_tab <= 1 else None
    because = [*verdict.because]
    if server:
        because += [line for line in server.because if line not in because]
    return Conclusion(
        summary=_summary(verdict, cause, tabs, raw, server, url, alone_ns),
        culprit=verdict.culprit,
        cause=verdict.cause,
        limit=verdict.limit,
        server_limit=server.limit if server else None,
        browser_limit=tabs.verdict.limit if tabs.verdict.culprit == "browser" else None,
        skew=skew,
        remedies=remedies,
        url=url,
        share=verdict.share if verdict.cause else None,
        because=tuple(because),
        advice=cause.remedy if cause and not remedies else None,
        alone_ns=alone_ns,
        doubts=(*doubts, *(server.doubts if server else ()), *_unseen(verdict, judged)),
    )


def _unseen(verdict: Verdict, judged: Sequence[Judged]) -> tuple[str, ...]:
    """What only the application itself can tell, where that matters."""
    exact = any(request.server for one in judged for request in one.finding.requests)
    if exact or (verdict.culprit != "server" and verdict.kind != "undecided"):
        return ()
    return (
        "The server was seen from outside only: which worker took which request, and when, is inferred. "
        "One line in the application tells (browserconc.middleware), then --ledger FILE.",
    )


def _comparable(raw: TrialFinding | None) -> bool:
    return bool(raw and raw.makespan_ns and raw.verdict.kind != "undecided")


def _waited_for(judged: Sequence[Judged], verdict: Verdict) -> str | None:
    """The request that most tabs waited for longest, which need not be the slowest of one tab alone."""
    tabs = next((one for one in judged if one.finding.strategy == TABS), None)
    if tabs is None or verdict.cause is None or verdict.cause != tabs.finding.verdict.cause:
        return None
    held = [load.url for load in tabs.loads if any(piece.cause == verdict.cause for piece in load.slices)]
    places = Counter(map(host_and_path, held))
    return max(held, key=lambda url: places[host_and_path(url)], default=None)


def _trial(trials: Sequence[TrialFinding], strategy: str) -> TrialFinding | None:
    return next((trial for trial in trials if trial.strategy == strategy), None)


def _remedies(verdict: Verdict, tabs: TrialFinding, judged: Sequence[Judged]) -> list[Remedy]:
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
                limit=max(trial.verdict.limit, trial.concurrency.sustained) if trial.verdict.limit else None,
                memory_per_tab_bytes=round(trial.cost.memory_bytes / trial.tabs) if trial.cost else None,
                startup_ns=trial.cost.startup_ns if trial.cost else None,
                proven=True,
                trial=trial.id,
            )
        )
    return found


def _removes(cause: str, before: TrialFinding, judged: Judged) -> bool:
    """Did the tabs load sooner, with answers as good as before?"""
    after = judged.finding
    return (
        after.verdict.kind != "undecided"
        and all(load.error is None for load in judged.loads)
        and worst_status(after) <= max(worst_status(before), 399)
        and after.makespan_ns < FASTER * before.makespan_ns
        and (after.verdict.cause != cause or after.concurrency.sustained > before.concurrency.sustained)
    )


def _summary(
    verdict: Verdict,
    cause: Cause | None,
    tabs: TrialFinding,
    raw: TrialFinding | None,
    server: ServerView | None,
    url: str,
    alone_ns: int | None,
) -> str:
    several = tabs.tabs > 1
    took = [f"{tabs.tabs} tabs took {_seconds(tabs.makespan_ns)}" if several else ""]
    took += [f"one tab alone {_seconds(alone_ns)}"] if alone_ns is not None else []
    if raw and _comparable(raw) and several:
        took.append(f"{raw.tabs} raw-socket requests {_seconds(raw.makespan_ns)}")
    whole = ", ".join(filter(None, took))
    parts = [f"{whole}." if several else f"{whole.replace('one tab alone', 'One tab took')}."]
    where = _path(url)
    if verdict.kind == "undecided":
        parts.append(f"Why is undecided: {verdict.doubts[0]}" if verdict.doubts else "Why is undecided.")
    elif verdict.cause is None:
        what = "the tabs back, they load in parallel" if several else "its requests back"
        parts.append(f"No problem: nothing held {what}.")
    else:
        share = int(verdict.share * 100 + 1e-9)
        limit = "one at a time" if verdict.limit == 1 else f"{verdict.limit} at a time"
        title, what = (cause.title, cause.what) if cause else (verdict.cause, "")
        who = "They wait" if several else "It waits"
        parts.append(f"{who} for {where}, {limit}: {title} ({share} % of all waiting). {what}".rstrip())
        if verdict.culprit == "server" and tabs.verdict.culprit == "browser" and tabs.verdict.cause:
            parts.append(
                f"The browser holds them back too ({tabs.verdict.cause}), but without it they would be "
                "no faster."
            )
        if verdict.culprit == "browser" and server and server.parallel_up_to:
            parts.append("The server is not the reason: by raw sockets it answers them at once.")
        elif verdict.culprit == "browser" and server and server.limit:
            parts.append(f"The server has a limit too: {server.limit} at once by raw sockets.")
    return " ".join(parts)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:.2f} s" if ns < 10_000_000_000 else f"{ns / 1e9:.1f} s"
