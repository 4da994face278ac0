"""How many requests a server runs at once: what to ask it next, and what the answers say.

Nothing is sent here: `next_batch` says what to send until the answer is certain, `row` concludes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from browserconc.analysis.concurrency import concurrency
from browserconc.model.outside import OutsideView, ServerView
from browserconc.model.server_row import Batch, Probed, Seen, ServerRow
from browserconc.model.timeline import Track

UNLIMITED_REQUESTS = 200
"""So many at once are asked of a server that is configured without a limit."""
FEWEST_REQUESTS = 12
MOST_REQUESTS = 1_000
MOST_BATCHES = 3
SHORTEST_NS = 50_000_000
"""Requests that take less are over before as many as are sent can be inside together."""
_MS = 1_000_000


def next_batch(stated: int | None, processes: int, seen: Sequence[Seen]) -> Batch | None:
    """What to ask the server next; None when what was seen is certain, or three batches were sent.

    Args:
        stated: the capacity by its configuration, None for no limit.
        processes: how many processes it forks before it serves; each has a queue of its own.
        seen: the batches so far.
    """
    if not seen:
        if stated is None:
            return Batch(UNLIMITED_REQUESTS, 1_000 * _MS)
        requests = min(MOST_REQUESTS, max(FEWEST_REQUESTS, 2 * stated + 4))
        return Batch(requests, 400 * _MS if stated > 1 else 150 * _MS)
    last = seen[-1]
    if len(seen) == MOST_BATCHES or _certain(last, stated, processes):
        return None
    requests = last.batch.requests if stated is None else min(MOST_REQUESTS, 2 * last.batch.requests)
    return Batch(requests, 2 * last.batch.delay_ns)


def _certain(one: Seen, stated: int | None, processes: int) -> bool:
    """Is it certain that no more than the level seen run at once?

    All ran at once: then there is no limit to be seen. Else a limit shows by requests that wait
    while others run, in every process: one that took fewer requests than it can run says nothing.
    """
    level = at_once(one.tracks)
    if level >= one.batch.requests:
        return True
    if len(one.tracks) < one.batch.requests or stated is None:
        return False  # slow starting looks like a limit: once more, with longer work
    if processes <= 1:
        return True
    by_pid: dict[object, list[Track]] = {}
    for track in one.tracks:
        by_pid.setdefault(track.facts.get("pid"), []).append(track)
    return len(by_pid) >= processes and all(len(own) > at_once(own) for own in by_pid.values())


def service_ns(tracks: Sequence[Track]) -> int | None:
    """How long one request took, by the server's ledger; None where none ended."""
    lengths = [end - start for start, end in _spans(tracks)]
    return round(median(lengths)) if lengths else None


def at_once(tracks: Sequence[Track]) -> int:
    """The sustained level of these requests, by the server's ledger; 0 without any."""
    spans = _spans(tracks)
    return concurrency(spans, 0).sustained


def together(tracks: Sequence[Track], each_ns: int) -> float | None:
    """How many ran at once on the mean, if each alone takes `each_ns`; None without any.

    The last of a blocked event loop's answers are written long after their work, so their intervals
    overlap although the work did not: this measures the work.
    """
    spans = _spans(tracks)
    lasted_ns = _lasted_ns(spans)
    return len(spans) * each_ns / lasted_ns if lasted_ns > 0 else None


def _lasted_ns(spans: Sequence[tuple[int, int]]) -> int:
    return max(end for _, end in spans) - min(start for start, _ in spans) if spans else 0


def row(probed: Probed) -> ServerRow:
    """The row for a server that was probed."""
    best = max(probed.seen, key=lambda one: at_once(one.tracks))
    level = at_once(best.tracks)
    measured = None if level >= best.batch.requests else level
    shares = Counter(track.facts.get("pid") for track in best.tracks)
    threads = {(track.facts.get("pid"), track.facts.get("thread")) for track in best.tracks}
    blocked = [number for number, blocks in probed.silent.items() if blocks]
    alone_ns = _lasted_ns(_spans(probed.computing_alone))
    cores = together(probed.computing, alone_ns) if alone_ns else None
    computing_pids = len({track.facts.get("pid") for track in probed.computing})
    blocking = together(probed.blocking, probed.blocking_ns)
    found = ServerRow(
        server=probed.server,
        model=probed.model,
        stated=probed.stated,
        backlog=probed.backlog,
        measured=measured,
        probed_up_to=best.batch.requests,
        pids=len(shares),
        threads=len(threads),
        spread=tuple(sorted(shares.values(), reverse=True)),
        keep_alive=probed.keep_alive,
        silent_connection_blocks=probed.silent.get(1),
        silent_connections_to_block=min(blocked, default=None),
        # A process of Python computes on one core: more is the scatter of a busy machine.
        cpu_cores=min(cores, float(computing_pids)) if cores else None,
        computing_pids=computing_pids,
        blocking_at_once=max(1, round(blocking)) if blocking else None,
        sentence="",
        error=None,
    )
    return _said(found)


def failed(known: Probed, error: str) -> ServerRow:
    """The row for a server that could not be measured, with the sentence that says why."""
    return ServerRow(
        server=known.server,
        model=known.model,
        stated=known.stated,
        backlog=known.backlog,
        measured=None,
        probed_up_to=0,
        pids=0,
        threads=0,
        spread=(),
        keep_alive=None,
        silent_connection_blocks=None,
        silent_connections_to_block=None,
        cpu_cores=None,
        computing_pids=0,
        blocking_at_once=None,
        sentence="",
        error=error,
    )


def from_outside(known: Probed, view: OutsideView, judged: ServerView, *, keep_alive: bool) -> ServerRow:
    """The row for a server without a ledger: its processes and threads are those that it has."""
    undecided = judged.limit is None and judged.parallel_up_to is None
    reasons = judged.doubts if undecided else judged.because
    sentence = " ".join(reason if reason.endswith(".") else f"{reason}." for reason in reasons)
    return replace(
        failed(known, ""),
        measured=judged.limit,
        probed_up_to=judged.parallel_up_to or max((len(one.answers) for one in view.rounds), default=0),
        pids=view.local.processes if view.local else 0,
        threads=view.local.threads if view.local else 0,
        keep_alive=keep_alive,
        silent_connection_blocks=judged.silence == 1,
        silent_connections_to_block=judged.silence,
        sentence="" if undecided else sentence,
        error=sentence if undecided else None,
    )


def _said(found: ServerRow) -> ServerRow:
    return replace(found, sentence=_sentence(found))


def _sentence(found: ServerRow) -> str:
    if found.measured is None:
        parts = [f"No limit seen up to {found.probed_up_to}: {_carrier(found)}"]
    else:
        parts = [f"{found.measured} at once, the others wait: {_carrier(found)}"]
        if found.measured != found.stated:
            stated = "no limit" if found.stated is None else str(found.stated)
            parts[0] = f"{found.measured} at once, though {stated} is stated: {_carrier(found)}"
            if found.model == "event-loop":
                parts.append("its handlers block the loop")
    if 1 < len(found.spread) < sum(found.spread):
        shares = ", ".join(map(str, found.spread))
        parts.append(f"they took {shares} of {sum(found.spread)} requests")
    if found.silent_connection_blocks:
        parts.append("one silent connection stops it")
    elif found.silent_connections_to_block:
        parts.append(f"{found.silent_connections_to_block} silent connections stop it")
    if found.blocking_at_once is not None:
        parts.append(
            "a coroutine that blocks stops all others"
            if found.blocking_at_once == 1
            else f"{found.blocking_at_once} coroutines that block run at once"
        )
    if found.computing_pids:
        parts.append(
            "computing handlers share one process, so one core"
            if found.computing_pids == 1
            else f"computing handlers spread over {found.computing_pids} processes"
        )
    return "; ".join(parts) + "."


def _carrier(found: ServerRow) -> str:
    processes = f"{found.pids} process{'es' * (found.pids != 1)}"
    if found.pids == sum(found.spread) > 1:
        return "a process for each request"
    if found.model == "event-loop":
        return f"{processes} with an event loop each" if found.pids > 1 else "one event loop"
    if found.model == "greenlets":
        return f"a greenlet for each connection in {processes}"
    if found.threads == found.pids:
        return f"{processes} with one request at a time" + (" each" if found.pids > 1 else "")
    if found.stated is None:
        return "a thread for each connection"
    return f"{found.threads} threads in {processes}"


def _spans(tracks: Sequence[Track]) -> list[tuple[int, int]]:
    spans = [track.span("service") for track in tracks]
    return [(span.start_ns, span.end_ns) for span in spans if span and span.end_ns is not None]
