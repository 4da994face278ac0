"""Judges one visit: what the loads of its tabs waited for, and how many requests the server had at once.

Unlike a trial against our own server it is judged by the waits alone: a page need not have asked for
more than what ran, and a server without a ledger does not say when it began.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from browserconc.analysis.causes import CAUSES
from browserconc.analysis.concurrency import concurrency
from browserconc.analysis.critical_path import along, critical_path
from browserconc.analysis.lock_holders import LONG_NS, QUICK_NS, SHARED, after_the_lock, handed_on
from browserconc.analysis.page_waits import with_page_waits
from browserconc.analysis.processors import longest_handover_ns
from browserconc.analysis.same_url import let_through
from browserconc.analysis.slow_pages import idle_pages, slow_network, suspicious
from browserconc.analysis.verdict import (
    EXPLAINED_SHARE,
    HELD_SHARE,
    held_back,
    partitioned,
    waiting_by_cause,
)
from browserconc.analysis.visit_doubts import doubts_of, no_verdict
from browserconc.analysis.visit_refusals import with_refusals
from browserconc.analysis.visits import Load, VisitCase
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import (
    SERVICE,
    UNATTRIBUTED,
    Concurrency,
    Cost,
    Kind,
    RequestFinding,
    TrialFinding,
    Verdict,
)

LIMITS = frozenset(cause.id for cause in CAUSES if cause.limits)
NOTICEABLE_NS = 50_000_000
"""A shorter wait at a limit is not what makes a tab slow."""
DELAY_NS, DELAY_SHARE = 200_000_000, 0.5
"""The network is to blame where most tabs waited for it so long, and for so much of their time."""
BOUNDING = {"cache-lock": {"server", "browser"}}
"""Whose limit counts before that for which most was waited: a lock that lets several through bounds none."""
BINDING_SHARE = 0.25
"""A server that takes less than the browser sends must be waited for by this part of the waiting."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A visit's finding, and each tab's load as one request: partitioned along its critical path."""

    finding: TrialFinding
    loads: tuple[RequestFinding, ...]


def judge_visit(visit: VisitCase, cost: Cost | None, alone: RequestFinding | None = None) -> Judged:
    """The finding for one visit; `alone` is the load of one tab alone."""
    case, evidence = visit.case, visit.case.evidence
    zero = evidence.released_ns
    requests = [
        replace(partitioned(timeline, case), tab=visit.tabs[timeline.index], critical=False)
        for timeline in case.timelines
    ]
    requests = [
        after_the_lock(request, timeline, case)
        for request, timeline in zip(handed_on(requests, LIMITS), case.timelines, strict=True)
    ]
    loads: list[RequestFinding] = []
    critical: set[int] = set()
    for load in sorted(visit.loads, key=lambda load: load.tab):
        own = [each for each in requests if each.tab == load.tab and each.end_ns > each.start_ns]
        start_ns, end_ns = load.start_ns - zero, load.end_ns - zero
        path = critical_path(own, start_ns, end_ns)
        critical |= {request.index for request in path}
        looks = next((t for t in evidence.tracks if t.source == "looks" and t.index == load.tab), None)
        whole = _as_request(load, path, start_ns, end_ns)
        loads.append(replace(whole, slices=with_page_waits(whole.slices, looks, zero)))
    requests = [replace(request, critical=request.index in critical) for request in requests]
    level = concurrency(_with_the_server(requests), max((load.end_ns for load in loads), default=0))
    if evidence.workload == "sse":  # what has been opened stays open, whoever comes later
        opened = len({r.tab for r in requests if r.status is not None and r.status < 400 and not r.error})
        level = replace(level, sustained=opened, peak=opened)
    waiting = waiting_by_cause(loads)
    doubts = (*case.doubts, *doubts_of(loads, requests, evidence.tabs))
    verdict = _verdict(case, loads, level, waiting, doubts, alone)
    finding = TrialFinding(
        id=evidence.id,
        strategy=evidence.strategy,
        server=None,
        url=evidence.url,
        tabs=evidence.tabs,
        delay_ns=None,
        repeat=evidence.repeat,
        start_spread_ns=None,
        makespan_ns=max((load.end_ns for load in loads), default=0),
        ideal_ns=alone.end_ns - alone.start_ns if alone else None,
        concurrency=level,
        verdict=suspicious(with_refusals(verdict, case), case, loads, alone),
        waiting_ns=waiting,
        cost=cost,
        requests=tuple(requests),
        workload=evidence.workload,
    )
    return Judged(finding, tuple(loads))


def _as_request(load: Load, path: Sequence[RequestFinding], start_ns: int, end_ns: int) -> RequestFinding:
    longest = slowest(path)
    return RequestFinding(
        index=load.tab,
        url=longest.url if longest else load.url,
        status=load.status,
        error=load.error,
        start_ns=start_ns,
        end_ns=end_ns,
        local_port=longest.local_port if longest else None,
        connection_reused=longest.connection_reused if longest else None,
        server=None,
        slices=along(path, start_ns, end_ns),
        tab=load.tab,
    )


def slowest(requests: Sequence[RequestFinding]) -> RequestFinding | None:
    """The request that took longest."""
    return max(requests, key=lambda request: request.end_ns - request.start_ns, default=None)


def _with_the_server(requests: Sequence[RequestFinding]) -> list[tuple[int, int]]:
    """When the server worked on each of those requests that keep a load waiting, and others as long."""
    works = [(request, _work(request)) for request in requests]
    lengths = [end - start for request, work in works if work and request.critical for start, end in [work]]
    long_ns = HELD_SHARE * max(lengths, default=0)
    return [work for _, work in works if work and work[1] - work[0] >= long_ns]


def _work(request: RequestFinding) -> tuple[int, int] | None:
    pieces = [piece for piece in request.slices if piece.cause == SERVICE and piece.because != SHARED]
    return (pieces[0].start_ns, pieces[-1].end_ns) if pieces else None


def _verdict(
    case: Case,
    loads: Sequence[RequestFinding],
    level: Concurrency,
    waiting: Mapping[str, int],
    doubts: tuple[str, ...],
    alone: RequestFinding | None,
) -> Verdict:
    alone_ns = _served_ns(alone) if alone else 0
    if reason := no_verdict(case, loads):
        return Verdict("undecided", None, None, None, 0.0, (reason, *doubts))
    least_ns = max(round((LONG_NS if 0 < alone_ns < QUICK_NS else NOTICEABLE_NS) / HELD_SHARE), alone_ns)
    late = [load for load in loads if burden_ns(load) - alone_ns >= HELD_SHARE * least_ns]
    held = held_back(late, least_ns)
    candidates = [cause for cause in CAUSES if held.get(cause.id)]
    total = sum(waiting.values())
    explained = sum(waiting.get(cause.id, 0) for cause in candidates)
    if reason := _open_question(late, explained, max(longest_handover_ns(case), HELD_SHARE * least_ns)):
        share = explained / total if total else 0.0
        return Verdict("undecided", None, None, None, share, (reason, *doubts))
    if network := slow_network(loads, waiting, candidates):
        kind: Kind = "limited" if candidates else "concurrent"
        share = waiting[network.id] / total
        return Verdict(
            kind, None, network.culprit, network.id, share, doubts, tuple(_evidence([network], loads, case))
        )
    if not candidates:
        if reason := _stretched(loads, alone_ns) or idle_pages(loads, alone):
            return Verdict("undecided", None, None, None, 0.0, (reason, *doubts))
        return _concurrent(loads, case, doubts)
    binding = _binding(candidates, case, level, waiting)
    limit = _limit(binding, case, level)
    return Verdict(
        "serial" if limit == 1 else "limited",
        limit,
        binding.culprit,
        binding.id,
        waiting.get(binding.id, 0) / total if total else 0.0,
        doubts,
        tuple(_evidence([binding, *(cause for cause in candidates if cause is not binding)], loads, case)),
    )


def _concurrent(loads: Sequence[RequestFinding], case: Case, doubts: tuple[str, ...]) -> Verdict:
    """Nobody holds another back; but the network may be what every tab waits for most of the time."""
    for cause in CAUSES:
        if cause.limits or cause.culprit != "network":
            continue
        waits = [sum(p.duration_ns for p in load.slices if p.cause == cause.id) for load in loads]
        lasted = sum(load.end_ns - load.start_ns for load in loads)
        if median(waits) >= DELAY_NS and sum(waits) >= DELAY_SHARE * lasted:
            share = sum(waits) / lasted
            because = tuple(_evidence([cause], loads, case))
            return Verdict("concurrent", None, cause.culprit, cause.id, share, doubts, because)
    return Verdict("concurrent", None, None, None, 0.0, doubts)


def _binding(
    candidates: Sequence[Cause], case: Case, level: Concurrency, waiting: Mapping[str, int]
) -> Cause:
    """That for which most was waited; but a server that takes no more than the browser sends binds both."""
    most = max(candidates, key=lambda cause: waiting.get(cause.id, 0))
    least_ns = BINDING_SHARE * sum(waiting.get(cause.id, 0) for cause in candidates)
    narrow = [
        cause
        for cause in candidates
        if cause.culprit in BOUNDING.get(most.id, {"server"})
        and cause is not most
        and waiting.get(cause.id, 0) >= least_ns
        and _limit(cause, case, level) <= _limit(most, case, level)
    ]
    return max(narrow, key=lambda cause: waiting.get(cause.id, 0), default=most)


def _limit(cause: Cause, case: Case, level: Concurrency) -> int:
    """The number at which a cause holds the requests."""
    facts = case.evidence.facts
    stated = facts.get("server_limit") if facts.get("server_cause") == cause.id else None
    if isinstance(stated, int):
        return stated
    stated = cause.limit(case) if cause.limit else None
    if stated == 1 and cause.culprit == "browser" and level.sustained > 1:
        return let_through(cause, case)
    return stated or max(level.sustained, 1)


def _open_question(loads: Sequence[RequestFinding], explained_ns: int, least_ns: float) -> str | None:
    gaps = [
        piece.duration_ns
        for load in loads
        for piece in load.slices
        if piece.cause == UNATTRIBUTED and piece.duration_ns > least_ns
    ]
    if sum(gaps) <= (1 - EXPLAINED_SHARE) * (explained_ns + sum(gaps)):
        return None
    return (
        f"No cause explains {len(gaps)} waits of up to {max(gaps) / 1e9:.2f} s, "
        f"{sum(gaps) / 1e9:.2f} s in all."
    )


def _stretched(loads: Sequence[RequestFinding], alone_ns: int) -> str | None:
    """With the server for much longer than alone, though nothing is known to hold requests back there."""
    if not alone_ns:
        return None
    longest = max((_served_ns(load) for load in loads), default=0)
    if longest < 2 * alone_ns + NOTICEABLE_NS * 4:
        return None
    return (
        f"The server took up to {longest / 1e9:.2f} s for what takes it {alone_ns / 1e9:.2f} s alone, but "
        "what it was busy with is not seen from outside."
    )


def _served_ns(load: RequestFinding) -> int:
    return sum(piece.duration_ns for piece in load.slices if piece.cause == SERVICE)


def burden_ns(load: RequestFinding) -> int:
    """What a load owes to the server and to limits, without what the browser itself takes for it."""
    return sum(p.duration_ns for p in load.slices if p.cause in (SERVICE, UNATTRIBUTED, *LIMITS))


def _evidence(causes: Sequence[Cause], loads: Sequence[RequestFinding], case: Case) -> list[str]:
    """How many tabs waited how long for what; the cause that binds first."""
    lines = []
    what = "tabs" if "netlog" in case.evidence.sources else "requests"
    for cause in causes:
        waits = [[piece for piece in load.slices if piece.cause == cause.id] for load in loads]
        sums = sorted(waited for own in waits if (waited := sum(piece.duration_ns for piece in own)))
        noticed = [waited for waited in sums if waited >= NOTICEABLE_NS]
        longest = max((piece for own in waits for piece in own), key=lambda piece: piece.duration_ns)
        lines.append(f"{len(noticed)} of {len(loads)} {what} waited {_range(noticed)} {longest.because}.")
        if cause.remark and (remark := cause.remark(case)):
            lines.append(remark)
    return lines


def _range(durations_ns: Sequence[int]) -> str:
    low, high = (f"{edge / 1e9:.2f}" for edge in (durations_ns[0], durations_ns[-1]))
    return f"{low} s" if low == high else f"{low} to {high} s"
