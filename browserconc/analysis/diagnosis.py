"""What all experiments of a diagnosis say together, and which of them is worth running next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from browserconc.analysis.blame import REFUSED, by_raw_sockets, decided, reached, worst_status
from browserconc.analysis.causes import CAUSES
from browserconc.analysis.conclusion import RAW
from browserconc.analysis.remedies import TABS, remedies, trial_of
from browserconc.analysis.service import host_and_path
from browserconc.analysis.shared_storage import confirmed
from browserconc.analysis.visit_verdict import Judged, slowest
from browserconc.model.cause import Cause
from browserconc.model.finding import (
    SERVICE,
    UNATTRIBUTED,
    Conclusion,
    RequestFinding,
    TrialFinding,
    Verdict,
)
from browserconc.model.outside import ServerView

SLOWER, NOTICED_NS = 2, 200_000_000
"""Tabs that take so many times what one alone takes, and so much more, are not called no problem."""
MOST_WAITS, LITTLE = 3, 0.05


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
        return ", ".join(filter(None, (server.cause, _width(server))))
    if server.parallel_up_to:
        return f"parallel up to {server.parallel_up_to}"
    return server.doubts[0] if server.doubts else "undecided"


def _width(server: ServerView) -> str:
    """How many it runs at once, in words; empty where that is not known."""
    if server.limit:
        return f"{server.limit} at once"
    return f"at least {server.at_least} at once" if server.at_least else ""


def conclude(
    judged: Sequence[Judged],
    alone: Judged | None,
    server: ServerView | None,
    url: str,
    doubts: tuple[str, ...],
    deaf: tuple[str, ...] = (),
) -> Conclusion:
    """The conclusion over the experiments; `url` is the request that a tab alone waits for longest.

    `deaf` are addresses of the host that a browser tries in vain first.
    """
    trials = [one.finding for one in judged]
    tabs = trial_of(trials, TABS)
    raw = trial_of(trials, RAW)
    alone_ns = alone.finding.makespan_ns if alone and alone.loads else None
    if tabs is None or not tabs.requests:
        why = tabs.verdict.doubts[0] if tabs and tabs.verdict.doubts else "No tabs were measured."
        return Conclusion(
            why, None, None, None, None, None, None, (), url=url, alone_ns=alone_ns, doubts=doubts
        )
    verdict = confirmed(reached(decided(tabs, raw, server, url), deaf), judged)
    examined, url = url, _waited_for(judged, verdict) or url
    cause = next((cause for cause in CAUSES if cause.id == verdict.cause), None)
    found = tuple(remedies(verdict, tabs, judged))
    per_tab = sum(host_and_path(request.url) == host_and_path(url) for request in tabs.requests) / tabs.tabs
    same = host_and_path(examined) == host_and_path(url)
    skew = tabs.makespan_ns / raw.makespan_ns if _comparable(raw) and raw and same and per_tab <= 1 else None
    because = [*verdict.because]
    if server:
        because += [line for line in by_raw_sockets(server) if line not in because]
    return Conclusion(
        summary=_summary(verdict, cause, tabs, raw, server, url, alone_ns),
        culprit=verdict.culprit,
        cause=verdict.cause,
        limit=verdict.limit,
        server_limit=server.limit if server else None,
        browser_limit=tabs.verdict.limit if tabs.verdict.culprit == "browser" else None,
        skew=skew,
        remedies=found,
        url=url,
        share=verdict.share if verdict.cause else None,
        because=tuple(because),
        advice=cause.remedy if cause and (not found or cause.culprit == "server") else None,
        alone_ns=alone_ns,
        doubts=(
            *(verdict.doubts[:1] if tabs.verdict.suspect and verdict.cause else ()),
            *doubts,
            *(server.doubts if server else ()),
            *_unseen(verdict, judged),
        ),
    )


def _unseen(verdict: Verdict, judged: Sequence[Judged]) -> tuple[str, ...]:
    """What only the application itself can tell, where that matters."""
    exact = any(request.server for one in judged for request in one.finding.requests)
    if exact or (verdict.culprit != "server" and verdict.kind != "undecided"):
        return ()
    return (
        "The server was seen from outside only: which worker took which request, and when, is inferred. "
        "In a WSGI or ASGI application one line tells (browserconc.middleware), then --ledger FILE.",
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
    elif verdict.cause is None and several and _is_slower(tabs, alone_ns) and _main_waits(tabs):
        parts.append(f"Nothing held one of them back for long, but this adds up: {_main_waits(tabs)}.")
    elif verdict.cause is None:
        what = "the tabs back, they load in parallel" if several else "its requests back"
        parts.append(f"No problem: nothing held {what}.")
    else:
        share = int(verdict.share * 100 + 1e-9)
        limit = _at_a_time(verdict, server)
        title, what = (cause.title, cause.what) if cause else (verdict.cause, "")
        who, whom = ("They wait", "them") if several else ("It waits", "it")
        waits = f"{who} for {where}, {limit}: {title} ({share} % of all waiting)."
        if verdict.cause == "rate-limit" and (status := worst_status(tabs)) >= REFUSED:
            refused = len({r.tab for r in tabs.requests if r.critical and (r.status or 0) >= REFUSED})
            waits = f"{refused} of {tabs.tabs} got no {where} but status {status}: {title}."
        elif share == 0 and verdict.culprit == "browser":  # nobody waits for what it refuses at once
            waits, what = f"Not all was given to {whom}, {limit}: {title}.", verdict.because[0]
        parts.append(f"{waits} {what}".rstrip())
        if verdict.culprit == "server" and tabs.verdict.culprit == "browser" and tabs.verdict.cause:
            parts.append(
                f"The browser holds them back too ({tabs.verdict.cause}), but without it they would be "
                "no faster."
            )
        if verdict.culprit == "browser" and server and server.parallel_up_to:
            parts.append("The server is not the reason: by raw sockets it answers them at once.")
        elif verdict.culprit == "browser" and server and _width(server):
            parts.append(f"The server has a limit too: {_width(server)} by raw sockets.")
    return " ".join(parts)


def _is_slower(tabs: TrialFinding, alone_ns: int | None) -> bool:
    return alone_ns is not None and tabs.makespan_ns > SLOWER * alone_ns + NOTICED_NS


def _main_waits(tabs: TrialFinding) -> str:
    """What the requests waited for, of all waiting, the most first: "host limit 42 %, browser 34 %"."""
    total = sum(tabs.waiting_ns.values()) or 1
    titles = {cause.id: cause.title for cause in CAUSES} | {UNATTRIBUTED: "unexplained"}
    some = {cause: ns for cause, ns in tabs.waiting_ns.items() if ns > LITTLE * total}
    most = sorted(some.items(), key=lambda item: -item[1])[:MOST_WAITS]
    return ", ".join(f"{titles.get(cause, cause)} {ns / total:.0%}".replace("%", " %") for cause, ns in most)


def _at_a_time(verdict: Verdict, server: ServerView | None) -> str:
    if verdict.limit is not None:
        return "one at a time" if verdict.limit == 1 else f"{verdict.limit} at a time"
    if server and server.at_least and server.cause == verdict.cause:
        return f"at least {server.at_least} at a time"
    return "all at once, but later than need be"


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:.2f} s" if ns < 10_000_000_000 else f"{ns / 1e9:.1f} s"
