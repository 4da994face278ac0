"""Judges one trial: how many at once, what held the others back, and what remains in doubt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from statistics import median

from browserconc.analysis.attribute import attribute
from browserconc.analysis.causes import CAUSES
from browserconc.analysis.concurrency import Interval, concurrency, service_spans
from browserconc.analysis.service import on_the_wire_ns, service_claims
from browserconc.analysis.unseen import unknown_server, unseen
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import (
    SERVICE,
    UNATTRIBUTED,
    Claim,
    Concurrency,
    Cost,
    RequestFinding,
    ServerSeen,
    Slice,
    TrialFinding,
    Verdict,
)
from browserconc.model.timeline import Timeline

HELD_SHARE = 0.2
"""A request counts as held back by a limit when it waited there for this part of a service time."""
SPREAD_SHARE = 0.1
"""A start spread above this part of the service time is a doubt: the requests could not overlap fully."""
EXPLAINED_SHARE = 0.75
"""Below this part of the waiting explained there is no verdict."""


def judge(case: Case, cost: Cost | None) -> TrialFinding:
    """The finding for one trial: every request partitioned, the trial's verdict, its doubts."""
    evidence = case.evidence
    requests = tuple(partitioned(timeline, case) for timeline in case.timelines)
    intervals = service_intervals(case)
    makespan_ns = max((request.end_ns for request in requests), default=0)
    level = concurrency(intervals, makespan_ns)
    waiting = waiting_by_cause(requests)
    service_ns = round(median([end - start for start, end in intervals])) if intervals else 0
    held = held_back(requests, service_ns)
    spread_ns = _start_spread(case, requests, held)
    doubts = (*case.doubts, *_doubts(case, requests, spread_ns, service_ns))
    verdict = _verdict(case, requests, level, waiting, held, spread_ns, service_ns, doubts)
    return TrialFinding(
        id=evidence.id,
        strategy=evidence.strategy,
        server=evidence.server,
        url=evidence.url,
        tabs=evidence.tabs,
        delay_ns=evidence.delay_ns,
        repeat=evidence.repeat,
        start_spread_ns=spread_ns,
        makespan_ns=makespan_ns,
        ideal_ns=evidence.delay_ns,
        concurrency=level,
        verdict=verdict,
        waiting_ns=waiting,
        cost=cost,
        requests=requests,
        workload=evidence.workload,
        browser=evidence.browser,
    )


def partitioned(timeline: Timeline, case: Case) -> RequestFinding:
    """One request with its time divided among causes, the server and what nobody explains."""
    # What holds a request back outranks the server's work, and that outranks what merely takes time.
    limits, others = _asked(case.evidence.sources.union(timeline.tracks))
    claims: list[Claim] = []
    for cause in limits:
        claims += cause.claims(timeline, case)
    claims += service_claims(timeline, case)
    for cause in others:
        claims += cause.claims(timeline, case)
    zero = case.evidence.released_ns
    ledger = timeline.tracks.get("ledger")
    service = timeline.span("ledger", "service")
    accept = timeline.span("ledger", "accept")
    server = None
    if ledger and service:
        finished_ns = service.end_ns if service.end_ns is not None else timeline.end_ns
        pid = ledger.facts.get("pid")
        server = ServerSeen(
            accepted_ns=accept.start_ns - zero if accept else None,
            started_ns=service.start_ns - zero,
            finished_ns=finished_ns - zero,
            pid=pid if isinstance(pid, int) else 0,
            thread=str(ledger.facts.get("thread", "")),
        )
    return RequestFinding(
        index=timeline.index,
        url=timeline.url,
        status=timeline.status,
        error=timeline.error,
        start_ns=timeline.start_ns - zero,
        end_ns=timeline.end_ns - zero,
        local_port=timeline.local_port,
        connection_reused=timeline.connection_reused,
        server=server,
        slices=attribute(timeline.start_ns, timeline.end_ns, claims, zero_ns=zero),
    )


@lru_cache(maxsize=64)
def _asked(sources: frozenset[str]) -> tuple[list[Cause], list[Cause]]:
    """The causes that have something to look at in these sources: those that are limits, and the others."""
    asked = [cause for cause in CAUSES if cause.needs is None or cause.needs & sources]
    return [cause for cause in asked if cause.limits], [cause for cause in asked if not cause.limits]


def service_intervals(case: Case) -> list[Interval]:
    """When the server worked on each request; without its ledger, when each was with the server."""
    tracks = [t.tracks["ledger"] for t in case.timelines if "ledger" in t.tracks]
    if tracks or "ledger" in case.evidence.sources:
        return service_spans(tracks, case)
    return [(sent, t.end_ns) for t in case.timelines if (sent := on_the_wire_ns(t)) is not None]


def waiting_by_cause(requests: Sequence[RequestFinding]) -> dict[str, int]:
    """Seconds waited by cause over all requests, the longest first; unattributed always stands there."""
    sums: dict[str, int] = {}
    for request in requests:
        for piece in request.slices:
            if piece.cause != SERVICE:
                sums[piece.cause] = sums.get(piece.cause, 0) + piece.duration_ns
    rest = sums.pop(UNATTRIBUTED, 0)
    return {**dict(sorted(sums.items(), key=lambda item: -item[1])), UNATTRIBUTED: rest}


def held_back(requests: Sequence[RequestFinding], service_ns: int) -> dict[str, list[Slice]]:
    """By limit: the slices in which it held a request back for a good part of a service time."""
    least_ns = max(1, HELD_SHARE * service_ns)
    held: dict[str, list[Slice]] = {cause.id: [] for cause in CAUSES if cause.limits}
    for request in requests:
        for piece in request.slices:
            if piece.cause in held and piece.end_ns - piece.start_ns >= least_ns:
                held[piece.cause].append(piece)
    return held


def _start_spread(case: Case, requests: Sequence[RequestFinding], held: dict[str, list[Slice]]) -> int | None:
    """First to last request on the wire, of those that no limit held back."""
    limits = {cause for cause, slices in held.items() if slices}
    free = [
        sent
        for timeline, request in zip(case.timelines, requests, strict=True)
        if not any(piece.cause in limits and piece in held[piece.cause] for piece in request.slices)
        and (sent := on_the_wire_ns(timeline)) is not None
    ]
    return max(free) - min(free) if free else None


def _doubts(
    case: Case, requests: Sequence[RequestFinding], spread_ns: int | None, service_ns: int
) -> list[str]:
    doubts = []
    failed = [request for request in requests if request.error is not None]
    if failed:
        doubts.append(f"{len(failed)} of {len(requests)} requests failed: {failed[0].error}.")
    refused = [r for r in requests if r.error is None and r.status is not None and r.status >= 400]
    if refused:
        doubts.append(f"{len(refused)} of {len(requests)} answers were errors (status {refused[0].status}).")
    if spread_ns is not None and service_ns and spread_ns > SPREAD_SHARE * service_ns:
        doubts.append(
            f"The requests reached the wire {spread_ns / 1e6:.0f} ms apart, more than a tenth of the "
            f"{service_ns / 1e9:.2f} s of service: a longer --delay makes the picture sharper."
        )
    doubts += [
        remark for cause in CAUSES if cause.remark and not cause.limits and (remark := cause.remark(case))
    ]
    return doubts


def _verdict(
    case: Case,
    requests: Sequence[RequestFinding],
    level: Concurrency,
    waiting: dict[str, int],
    held: dict[str, list[Slice]],
    spread_ns: int | None,
    service_ns: int,
    doubts: tuple[str, ...],
) -> Verdict:
    count = len(requests)
    candidates = [cause for cause in CAUSES if held.get(cause.id)]
    narrowest = min((_limit(cause, case, level) for cause in candidates), default=count)
    reason = _no_verdict(case, requests, level)
    if reason := reason or (unknown_server(case) if narrowest > 1 else None):
        return Verdict("undecided", None, None, None, 0.0, (reason, *doubts))
    slowed = any(cause.slows for cause in candidates)
    if not slowed and (
        level.sustained >= count
        or (not candidates and _nothing_in_the_way(case, requests, level, service_ns))
    ):
        return Verdict("concurrent", None, None, None, 0.0, doubts)
    total = sum(waiting.values())
    explained = sum(waiting.get(cause.id, 0) for cause in candidates)
    if not candidates and (reason := unseen(case, level)):
        return Verdict("undecided", None, None, None, 0.0, (reason, *doubts))
    if not candidates:
        reason = (
            f"Only {level.sustained} of {count} ran at once, but no limit was seen holding the others back"
        )
        if spread_ns is not None and service_ns and spread_ns > SPREAD_SHARE * service_ns:
            reason += f"; they were sent {spread_ns / 1e6:.0f} ms apart"
        return Verdict("undecided", None, None, None, 0.0, (f"{reason}.", *doubts))
    if waiting[UNATTRIBUTED] > (1 - EXPLAINED_SHARE) * total:
        reason = unseen(case, level) or f"{waiting[UNATTRIBUTED] / total:.0%} of the waiting is unexplained."
        return Verdict("undecided", None, None, None, explained / total, (reason, *doubts))
    binding = min(candidates, key=lambda cause: (_limit(cause, case, level), -waiting.get(cause.id, 0)))
    limit = level.sustained
    if binding.limit and (stated := binding.limit(case)) and (stated > 1 or binding.slows):
        limit = stated
    return Verdict(
        "serial" if limit == 1 else "limited",
        limit,
        binding.culprit,
        binding.id,
        waiting.get(binding.id, 0) / total if total else 0.0,
        doubts,
        tuple(
            evidence_lines(
                [binding, *(cause for cause in candidates if cause is not binding)], held, requests, case
            )
        ),
    )


def _nothing_in_the_way(
    case: Case, requests: Sequence[RequestFinding], level: Concurrency, service_ns: int
) -> bool:
    """Is it shown for every request that no limit held it back, though not all overlapped for long?

    On a busy machine some reach the wire late. Browser and server must have seen each request, no
    stretch of it may be unexplained, and at least half of them must have run at once.
    """
    seen_whole = all(request.error is None for request in requests) and all(
        "ledger" in timeline.tracks and timeline.tracks.keys() & {"netlog", "mozlog"}
        for timeline in case.timelines
    )
    unexplained = any(
        piece.cause == UNATTRIBUTED and piece.duration_ns >= max(1, HELD_SHARE * service_ns)
        for request in requests
        for piece in request.slices
    )
    return seen_whole and not unexplained and level.sustained >= max(2, len(requests) / 2)


def _limit(cause: Cause, case: Case, level: Concurrency) -> int:
    """The number at which a cause holds the requests; the narrowest of several is what binds."""
    stated = cause.limit(case) if cause.limit else None
    return stated if stated is not None else level.sustained


def _no_verdict(case: Case, requests: Sequence[RequestFinding], level: Concurrency) -> str | None:
    if case.evidence.error or not requests:
        return case.evidence.error or "No request was made."
    answered = [request for request in requests if request.error is None]
    if reason := _no_work(answered):
        return reason
    held = {cause.id for cause in CAUSES if cause.limits}
    waited = [request for request in requests if request.error is not None and _mostly(request, held)]
    if len(answered) + len(waited) < len(requests) / 2:
        return f"Only {len(answered)} of {len(requests)} requests were answered."
    if len(requests) == 1:
        return "One request alone cannot show concurrency; use --tabs 2 or more."
    if level.sustained == 0:
        return "Nothing was seen of the requests at the server."
    return None


def _no_work(answered: Sequence[RequestFinding]) -> str | None:
    """Why the answers, if any, show nothing of the work that the server does at once."""
    if not answered:
        return "Every request failed."
    if all(request.status is not None and request.status >= 400 for request in answered):
        return f"Every answer was an error (status {answered[0].status}), so no work was seen to run at once."
    return None


def _mostly(request: RequestFinding, causes: Collection[str]) -> bool:
    """Did it spend most of its time with these?"""
    spent = sum(piece.duration_ns for piece in request.slices if piece.cause in causes)
    return 2 * spent > request.end_ns - request.start_ns


def evidence_lines(
    causes: Sequence[Cause],
    held: Mapping[str, Sequence[Slice]],
    requests: Sequence[RequestFinding],
    case: Case,
) -> list[str]:
    """The evidence, the binding limit first: how many waited how long for what."""
    lines = []
    for cause in causes:
        pieces = frozenset(held[cause.id])
        sums = [
            sum(piece.duration_ns for piece in request.slices if piece.cause == cause.id and piece in pieces)
            for request in requests
        ]
        waits = [ns / 1e9 for ns in sums if ns]  # one request may have waited for it twice
        lines.append(
            f"{len(waits)} of {len(requests)} requests waited {_range_s(min(waits), max(waits))} "
            f"{held[cause.id][-1].because}."
        )
        if cause.remark and (remark := cause.remark(case)):
            lines.append(remark)
    shares: dict[object, int] = {}
    for timeline in case.timelines:
        if ledger := timeline.tracks.get("ledger"):
            shares[ledger.facts.get("pid")] = shares.get(ledger.facts.get("pid"), 0) + 1
    if causes[0].culprit == "server" and len(shares) > 1:
        taken = ", ".join(str(number) for number in sorted(shares.values(), reverse=True))
        lines.append(f"{len(shares)} processes took {taken} requests.")
    return lines


def _range_s(shortest: float, longest: float) -> str:
    low, high = f"{shortest:.2f}", f"{longest:.2f}"
    return f"{low} s" if low == high else f"{low} to {high} s"
