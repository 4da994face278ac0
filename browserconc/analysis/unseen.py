"""What cannot be said where the browser left no log of its own: a reason to leave a trial undecided."""

from __future__ import annotations

from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import HANDOVER_NS, Case
from browserconc.model.finding import Concurrency

_AGAIN = "repeat with --evidence netlog, in Chromium or Firefox"


def unseen(case: Case, level: Concurrency) -> str | None:
    """Why nobody can tell what held the requests back; None where there was such a log or no browser.

    CDP shows that a request was stalled before it was sent. Whether at the lock of a cache entry
    or for a connection it does not: both are time before sendStart, on a connection that is reused.
    """
    if case.evidence.sources & {"netlog", "mozlog"}:
        return None
    stalls = [
        blocked.end_ns - blocked.start_ns
        for timeline in case.timelines
        if (blocked := timeline.span("cdp", "blocked"))
        and blocked.end_ns is not None
        and blocked.end_ns - blocked.start_ns > HANDOVER_NS
    ]
    if stalls:
        return (
            f"CDP shows {len(stalls)} of {len(case.timelines)} requests stalled in the browser for "
            f"{min(stalls) / 1e9:.2f} to {max(stalls) / 1e9:.2f} s, but not whether by the lock of the HTTP "
            f"cache or by the limit of connections per host: {_AGAIN}."
        )
    if all(on_the_wire_ns(timeline) is None for timeline in case.timelines):
        return (
            f"Only {level.sustained} of {len(case.timelines)} ran at once; what held the others back is "
            "undecided, because the browser left no log that says what its requests waited for: "
            f"{_AGAIN}."
        )
    return None
