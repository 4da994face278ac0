"""The client let this request go later than the first."""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    # A client without a browser lets a request go when it connects.
    released = timeline.span("client", "connect") or timeline.span("client", "released")
    if released and released.start_ns > timeline.start_ns:
        late_ms = (released.start_ns - timeline.start_ns) / 1e6
        yield Claim(
            "staggered-start",
            timeline.start_ns,
            released.start_ns,
            f"let go {late_ms:.1f} ms after the first",
        )


CAUSE = Cause(
    id="staggered-start",
    title="late start",
    culprit="client",
    what="The tabs were not let go together, so they could not overlap fully.",
    recognised="The release instants lie more than a tenth of the service time apart.",
    remedy="Prepare all tabs first, then release them together.",
    claims=_claims,
    threads=("locustio/locust#1183",),
)
