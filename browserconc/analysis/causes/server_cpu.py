"""Handlers overlap but share one core: each gets slower the more of them run.

Evidence: the CPU time that the server used for each request is most of the work that it was asked
for (a handler that sleeps uses next to none), and its handlers, several in one process, took much
longer than that work. On a busy machine the server gets less than a core and they take longer still.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from browserconc.analysis.concurrency import Interval, busy_throughout, concurrency, service_spans
from browserconc.analysis.processors import longest_handover_ns
from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline, Track

COMPUTED_SHARE = 0.5
"""A handler that computes uses CPU time for at least this part of its work; one that sleeps next to none."""
GROWN = 1.5
"""Handlers took this many times as long as the work of one."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    ledger, service = timeline.tracks.get("ledger"), timeline.span("ledger", "service")
    if ledger is None or service is None or service.end_ns is None:
        return
    own_ns = _cpu_per_request_ns(case)
    if own_ns is None or not _computed(case, own_ns):
        return
    in_process = _in_process(case, ledger)
    if concurrency(in_process, 0).sustained < 2:
        return
    # The thread that reads a request and the one that sends an answer want the same core.
    sent_ns = on_the_wire_ns(timeline)
    ways = [(service.end_ns, timeline.end_ns)]
    if sent_ns is not None:
        ways.append((sent_ns, service.start_ns))
    others = [each for each in in_process if each != (service.start_ns, service.end_ns)]
    for start_ns, end_ns in ways:
        if start_ns < end_ns and busy_throughout(others, 1, start_ns, end_ns, longest_handover_ns(case)):
            yield Claim(CAUSE.id, start_ns, end_ns, "on its way, for a core that handlers kept busy")
    waited_ns = service.end_ns - service.start_ns - own_ns
    if waited_ns > 0:
        yield Claim(
            CAUSE.id,
            service.start_ns,
            service.start_ns + waited_ns,
            "in its handler, for a core that it shared with the others",
        )


def _cpu_per_request_ns(case: Case) -> int | None:
    used_ns = case.evidence.facts.get("server_cpu_ns")
    served = len(_served(case))
    return round(used_ns / served) if isinstance(used_ns, int) and served else None


def _computed(case: Case, own_ns: int) -> bool:
    """Do the handlers compute, and did they take much longer than their work?"""
    work_ns = case.evidence.delay_ns
    lengths = [end - start for start, end in service_spans(_served(case), case)]
    if not work_ns or not lengths:
        return False
    return own_ns >= COMPUTED_SHARE * work_ns and median(lengths) >= GROWN * work_ns


def _limit(case: Case) -> int | None:
    """A core for each process: Python's threads share one."""
    return _processes(case) or None


def _processes(case: Case) -> int:
    return len({track.facts.get("pid") for track in _served(case)})


def _in_process(case: Case, ledger: Track) -> list[Interval]:
    pid = ledger.facts.get("pid")
    return service_spans((t for t in _served(case) if t.facts.get("pid") == pid), case)


def _served(case: Case) -> list[Track]:
    tracks = [t.tracks["ledger"] for t in case.timelines if "ledger" in t.tracks]
    return tracks + [track for track in case.strangers if track.span("service")]


CAUSE = Cause(
    id="server-cpu",
    title="server's core",
    culprit="server",
    what="The handlers compute and share a core, so they overlap but each gets slower the more of them run.",
    recognised="Service times grow with the number of requests at once while the server's process keeps a "
    "core busy; the server has threads to spare.",
    remedy="Processes instead of threads, as many as there are cores.",
    claims=_claims,
    needs=frozenset({"ledger"}),
    limits=True,
    slows=True,
    limit=_limit,
)
