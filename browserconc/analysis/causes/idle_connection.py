"""A connection that says nothing occupies a worker that takes one at a time; all others wait for it.

Browsers open such connections in advance, and keep used ones. Evidence: the server accepted a
connection that never carried a request, and from then on that process ran nothing although requests
had been sent to it. Claimed only where every process takes one connection at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis.concurrency import service_spans
from browserconc.analysis.processors import longest_handover_ns
from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline, Track

ONE_AT_A_TIME = ("single", "processes")


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if case.evidence.facts.get("server_model") not in ONE_AT_A_TIME:
        return
    if (sent_ns := on_the_wire_ns(timeline)) is None:
        return
    ledger, service = timeline.tracks.get("ledger"), timeline.span("ledger", "service")
    until_ns = service.start_ns if service else timeline.end_ns
    pid = ledger.facts.get("pid") if ledger else _only_process(case)
    silent = [
        accept.start_ns
        for track in _silent(case)
        if track.facts.get("pid") == pid and (accept := track.span("accept"))
    ]
    earliest_ns = max(sent_ns, min(silent, default=until_ns))
    for start_ns, end_ns in _idle(case, pid, earliest_ns, until_ns):
        before = [accepted for accepted in silent if accepted <= start_ns + longest_handover_ns(case)]
        if before and end_ns - start_ns > longest_handover_ns(case):
            yield Claim(
                CAUSE.id,
                start_ns,
                end_ns,
                "behind a connection that said nothing: its worker ran no request meanwhile",
            )


def _silent(case: Case) -> list[Track]:
    return [track for track in case.strangers if not track.span("service")]


def _only_process(case: Case) -> object:
    """Where a request was never taken: the process that would have, if there is but one."""
    pids = {track.facts.get("pid") for track in _tracks(case)}
    return pids.pop() if len(pids) == 1 and case.evidence.server_stated == 1 else None


def _tracks(case: Case) -> list[Track]:
    return [t.tracks["ledger"] for t in case.timelines if "ledger" in t.tracks] + list(case.strangers)


def _idle(case: Case, pid: object, start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
    """The stretches of start..end in which that process ran no request."""
    reached_ns = start_ns
    for begin, end in sorted(service_spans((t for t in _tracks(case) if t.facts.get("pid") == pid), case)):
        if begin >= end_ns:
            break
        if begin > reached_ns:
            yield reached_ns, begin
        reached_ns = max(reached_ns, end)
    if reached_ns < end_ns:
        yield reached_ns, end_ns


CAUSE = Cause(
    id="idle-connection",
    title="idle connection",
    culprit="server",
    what="A connection that says nothing, such as a browser opens in advance, occupies a worker that takes "
    "one at a time, and the others wait until it is closed.",
    recognised="The ledger shows a connection that was accepted and carried no request, and a process that "
    "ran nothing after it although requests had been sent.",
    remedy="A server with threads or an event loop, a proxy in front of it, or a short read time-out.",
    claims=_claims,
    limits=True,
    threads=("pallets/flask#2169", "corydolphin/flask-cors#147", "posit-dev/great-docs#219"),
)
