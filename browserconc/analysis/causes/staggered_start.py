"""The client began with this request later than with the first."""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    released = timeline.span("client", "released")
    first_act = timeline.span("client", "connect") or timeline.span("client", "send") or released
    if first_act and first_act.start_ns > timeline.start_ns:
        yield Claim(
            "staggered-start",
            timeline.start_ns,
            first_act.start_ns,
            "for the client, which began with the first before them",
        )


CAUSE = Cause(
    id="staggered-start",
    title="late start",
    culprit="client",
    what="The requests were not let go together, so they could not overlap fully.",
    recognised="The release instants lie more than a tenth of the service time apart.",
    remedy="Prepare all tabs first, then release them together.",
    claims=_claims,
    needs=frozenset({"client"}),
    limits=True,
    threads=("locustio/locust#1183",),
)
