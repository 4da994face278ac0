"""Requests that nobody released together: what a browser's own log shows, page by page.

There is no client and no ledger. A request's time runs from when its page asked for it until its
last byte was taken, and from the wire to the last byte it is with the server. A page is a top-frame
site, as the network isolation key names it: all that may share cache entries and sockets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from browserconc.analysis.causes import CAUSES
from browserconc.analysis.concurrency import concurrency
from browserconc.analysis.verdict import (
    EXPLAINED_SHARE,
    HELD_SHARE,
    evidence_lines,
    held_back,
    partitioned,
    service_intervals,
    waiting_by_cause,
)
from browserconc.model.cause import HANDOVER_NS, Case, Evidence
from browserconc.model.finding import UNATTRIBUTED, RequestFinding, TrialFinding, Verdict
from browserconc.model.timeline import Fact, Timeline, Track

OBSERVED = "observed"
"""The strategy of a trial that nobody staged."""
NO_PAGE = "(no page)"
"""What the browser asks for itself: updates, certificates, suggestions."""
NOTICEABLE_NS = 50_000_000
"""A shorter wait at a limit is not what makes a page slow."""
_WEBSOCKET = "WEBSOCKET"
"""The span of one that is open: for hours, it may be, after the request that opened it."""
NEVER_CALLED_ERRORS = (0, -1)  # OK and ERR_IO_PENDING, net/base/net_error_list.h


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of all pages. `address` makes a URL fit to be kept; `errors` names error numbers."""

    tracks: Sequence[Track]
    last_ns: int
    facts: Mapping[str, Fact]
    errors: Mapping[int, str]
    doubts: tuple[str, ...]
    address: Callable[[str], str]


def pages(observed: Observed) -> list[TrialFinding]:
    """One finding per page, that with the longest waiting at limits first."""
    by_page: dict[str, list[Track]] = defaultdict(list)
    for track in observed.tracks:
        if track.spans:
            by_page[page_of(track)].append(track)
    findings = [_judged(page, tracks, observed) for page, tracks in by_page.items()]
    return sorted(findings, key=lambda trial: (-held_ns(trial), -sum(trial.waiting_ns.values()), trial.id))


def held_ns(trial: TrialFinding) -> int:
    """How long its requests waited at limits, all together."""
    return sum(trial.waiting_ns.get(cause.id, 0) for cause in CAUSES if cause.limits)


def page_of(track: Track) -> str:
    """The site of the top frame that a request was made for."""
    if isinstance(page := track.facts.get("page"), str):
        return _site(page) or page
    key = track.facts.get("network_isolation_key")
    if not isinstance(key, str):
        return _site(track.url) or NO_PAGE
    initiator = track.facts.get("initiator")
    return _site(key.partition(" ")[0]) or _site(str(initiator)) or NO_PAGE


def _site(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket that is not closed
        return None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if parts.scheme and host else None


def _judged(page: str, tracks: list[Track], observed: Observed) -> TrialFinding:
    lives = sorted((*_life(track, observed), place) for place, track in enumerate(tracks))
    timelines = [
        _timeline(index, tracks[place], start_ns, end_ns, observed)
        for index, (start_ns, end_ns, place) in enumerate(lives)
    ]
    begin_ns = timelines[0].start_ns
    case = Case(_evidence(page, timelines, observed), tuple(timelines), (), observed.doubts)
    requests = tuple(partitioned(timeline, case) for timeline in timelines)
    intervals = [(start, end) for start, end in service_intervals(case) if end >= start]
    makespan_ns = max(timeline.end_ns for timeline in timelines) - begin_ns
    level = concurrency(intervals, makespan_ns)
    waiting = waiting_by_cause(requests)
    doubts = [*observed.doubts, *_doubts(case, requests, timelines, observed)]
    return TrialFinding(
        id=page,
        strategy=OBSERVED,
        server=None,
        url=page,
        tabs=sum(track.facts.get("request_type") == "main frame" for track in tracks) or 1,
        delay_ns=None,
        repeat=1,
        start_spread_ns=None,
        makespan_ns=makespan_ns,
        ideal_ns=None,
        concurrency=level,
        verdict=_verdict(case, requests, level.sustained, waiting, tuple(doubts)),
        waiting_ns=waiting,
        cost=None,
        requests=requests,
    )


def _life(track: Track, observed: Observed) -> tuple[int, int]:
    """When a request began and ended."""
    # A redirect's leg begins where the browser followed it, not where the first request was made.
    started = track.span("URL_REQUEST_START_JOB") if track.facts.get("leg") else None
    start_ns = started.start_ns if started else track.spans[0].start_ns
    if track.span(_WEBSOCKET):
        track = replace(track, spans=tuple(span for span in track.spans if span.name != _WEBSOCKET))
    return start_ns, max(start_ns, track.ended_ns(observed.last_ns))


def _timeline(index: int, track: Track, start_ns: int, end_ns: int, observed: Observed) -> Timeline:
    facts = track.facts
    status, error, reused = facts.get("status"), facts.get("error"), facts.get("connection_reused")
    number = facts.get("net_error")
    if isinstance(number, int) and number not in NEVER_CALLED_ERRORS:
        error = observed.errors.get(number, f"net error {number}")
    return Timeline(
        index=index,
        url=observed.address(track.url),
        start_ns=start_ns,
        end_ns=end_ns,
        status=status if isinstance(status, int) else None,
        error=error if isinstance(error, str) else None,
        tracks={track.source: track},
        local_port=track.local_port,
        connection_reused=reused if isinstance(reused, bool) else None,
    )


def _evidence(page: str, timelines: Sequence[Timeline], observed: Observed) -> Evidence:
    return Evidence(
        id=page,
        strategy=OBSERVED,
        server=None,
        server_stated=None,
        url=page,
        tabs=len(timelines),
        delay_ns=None,
        repeat=1,
        released_ns=timelines[0].start_ns,
        ended_ns=observed.last_ns,
        tracks=tuple(track for timeline in timelines for track in timeline.tracks.values()),
        sources=frozenset(source for timeline in timelines for source in timeline.tracks),
        facts=observed.facts,
    )


def _doubts(
    case: Case, requests: Sequence[RequestFinding], timelines: Sequence[Timeline], observed: Observed
) -> list[str]:
    doubts: list[str] = []
    doubts += [
        remark for cause in CAUSES if cause.remark and not cause.limits and (remark := cause.remark(case))
    ]
    if failed := [request for request in requests if request.error is not None]:
        doubts.append(f"{len(failed)} of {len(requests)} requests failed, the first with {failed[0].error}.")
    going = sum(_still_going(timeline) for timeline in timelines)
    if going:
        doubts.append(f"{going} of {len(requests)} requests were still going on when the log ended.")
    return doubts


def _still_going(timeline: Timeline) -> bool:
    return any(
        span.end_ns is None and span.name in ("REQUEST_ALIVE", "request")
        for track in timeline.tracks.values()
        if track.is_open
        for span in track.spans
    )


def _verdict(
    case: Case,
    requests: Sequence[RequestFinding],
    sustained: int,
    waiting: Mapping[str, int],
    doubts: tuple[str, ...],
) -> Verdict:
    """The cause for which most was waited; without any, nothing limited the page.

    That few ran at once says nothing here: a page need not have asked for more.
    """
    if all(request.error is not None for request in requests):
        return Verdict("undecided", None, None, None, 0.0, ("Every request failed.", *doubts))
    least_ns = round(NOTICEABLE_NS / HELD_SHARE)
    held = held_back(requests, least_ns)
    candidates = sorted(
        (cause for cause in CAUSES if held.get(cause.id)),
        key=lambda cause: -sum(piece.duration_ns for piece in held[cause.id]),
    )
    total = sum(waiting.values())
    at_limits = sum(waiting.get(cause.id, 0) for cause in candidates)
    open_questions = [
        piece
        for request in requests
        for piece in request.slices
        if piece.cause == UNATTRIBUTED and piece.duration_ns > HANDOVER_NS
    ]
    asked_ns = sum(piece.duration_ns for piece in open_questions)
    if asked_ns > (1 - EXPLAINED_SHARE) * (at_limits + asked_ns):
        longest = max(piece.duration_ns for piece in open_questions) / 1e9
        reason = (
            f"No cause explains {len(open_questions)} waits of up to {longest:.2f} s, "
            f"{asked_ns / 1e9:.2f} s in all."
        )
        return Verdict("undecided", None, None, None, at_limits / total if total else 0.0, (reason, *doubts))
    if not candidates:
        return Verdict("concurrent", None, None, None, 0.0, doubts)
    binding = candidates[0]
    limit = (binding.limit(case) if binding.limit else None) or max(sustained, 1)
    most = 2 * len(held[binding.id]) >= len(requests)
    return Verdict(
        "serial" if limit == 1 and most else "limited",
        limit,
        binding.culprit,
        binding.id,
        waiting.get(binding.id, 0) / total if total else 0.0,
        doubts,
        tuple(evidence_lines(candidates, held, requests, case)),
    )
