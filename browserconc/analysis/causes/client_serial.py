"""The script awaits one page after another, so its tabs never load at the same time.

No request waits for that: the next one is not made yet. It is recognised in the log of a browser by
navigations of one site that follow each other closely and never overlap; a person who reads pages
leaves longer pauses. That a script does it is a guess, and said as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

LEAST = 3
BUSY_SHARE = 1 / 3
"""So much of the time a navigation must be going on; people who read leave more of it empty."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    yield from ()


def _remark(case: Case) -> str | None:
    loads = sorted(
        (timeline.start_ns, timeline.end_ns)
        for timeline in case.timelines
        if "netlog" in timeline.tracks and timeline.tracks["netlog"].facts.get("request_type") == "main frame"
    )
    if len(loads) < LEAST or any(after[0] < before[1] for before, after in pairwise(loads)):
        return None
    busy = sum(end - start for start, end in loads)
    if busy < BUSY_SHARE * (loads[-1][1] - loads[0][0]):
        return None
    pauses = [(after[0] - before[1]) / 1e9 for before, after in pairwise(loads)]
    return (
        f"The {len(loads)} navigations went one after another and never overlapped, {min(pauses):.2f} to "
        f"{max(pauses):.2f} s apart, as where a script awaits each of them (client-serial)."
    )


CAUSE = Cause(
    id="client-serial",
    title="one after another",
    culprit="client",
    what="The script awaits one page before it begins with the next, or uses a synchronous API, so the "
    "tabs never load at the same time.",
    recognised="Navigations of one site that follow each other closely and never overlap.",
    remedy="asyncio.gather (or Promise.all) over the pages; a thread each with a synchronous API.",
    claims=_claims,
    needs=frozenset(),  # it claims nothing
    remark=_remark,
    threads=("microsoft/playwright-python#623",),
)
