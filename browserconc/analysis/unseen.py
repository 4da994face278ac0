"""What cannot be said where the browser left no log of its own: a reason to leave a trial undecided."""

from __future__ import annotations

from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import HANDOVER_NS, Case
from browserconc.model.finding import Concurrency

_AGAIN = "repeat with --evidence netlog, in Chromium or Firefox"


UNEQUAL = 1.5
"""Of answers that all took about as long none waited for another."""


def unknown_server(case: Case) -> str | None:
    """Why nobody can tell what a server did that writes no ledger; None where it does, or where it is clear.

    Requests that were sent together and answered in equal times ran together. Where the times differ they
    queued or slowed each other down, or some are more work.
    """
    if case.evidence.server is None or "ledger" in case.evidence.sources:
        return None
    took = [
        timeline.end_ns - sent
        for timeline in case.timelines
        if timeline.error is None and (sent := on_the_wire_ns(timeline)) is not None
    ]
    if not took or max(took) <= UNEQUAL * min(took) + HANDOVER_NS:
        return None
    return (
        f"The answers took {min(took) / 1e9:.2f} to {max(took) / 1e9:.2f} s; whether the server queued the "
        "requests or worked longer on some is not known without its ledger."
    )


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
