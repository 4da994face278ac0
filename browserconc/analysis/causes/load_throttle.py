"""Blink holds low-priority loads of one tab back before the network stack starts them.

Source: services/network/resource_scheduler/, which names itself in the request's DELEGATE_INFO.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

INSTANT_NS = 5_000_000
"""Passing through the scheduler takes no time; NetLog rounds to milliseconds."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    for span in timeline.tracks["netlog"].spans if "netlog" in timeline.tracks else ():
        if span.name == "DELEGATE_INFO" and span.detail.get("delegate_blocked_by") == "ResourceScheduler":
            end_ns = timeline.end_ns if span.end_ns is None else span.end_ns
            if end_ns - span.start_ns >= INSTANT_NS:
                yield Claim(
                    CAUSE.id, span.start_ns, end_ns, "for its turn among the tab's low-priority loads"
                )


CAUSE = Cause(
    id="load-throttle",
    title="load throttle",
    culprit="browser",
    what="The browser starts only so many low-priority loads of one tab at once, over all hosts.",
    recognised="DELEGATE_INFO blocked by ResourceScheduler in the NetLog.",
    remedy="A higher fetch priority, fetch() instead of images, or a visible tab.",
    claims=_claims,
    limits=True,
)
