"""Blink holds low-priority loads of one tab back before the network stack starts them.

Source: services/network/resource_scheduler/, which names itself in the request's DELEGATE_INFO.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis.concurrency import time_at_levels
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Span, Timeline

INSTANT_NS = 5_000_000
"""Passing through the scheduler takes no time; NetLog rounds to milliseconds."""


LOW = ("THROTTLED", "IDLE", "LOWEST", "LOW")
"""The priorities that Chromium calls delayable: those below MEDIUM (net/base/request_priority.h)."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if held := _held(timeline):
        end_ns = timeline.end_ns if held.end_ns is None else held.end_ns
        yield Claim(CAUSE.id, held.start_ns, end_ns, "for its turn among the tab's low-priority loads")


def _held(timeline: Timeline) -> Span | None:
    for span in timeline.tracks["netlog"].spans if "netlog" in timeline.tracks else ():
        if span.name == "DELEGATE_INFO" and span.detail.get("delegate_blocked_by") == "ResourceScheduler":
            end_ns = timeline.end_ns if span.end_ns is None else span.end_ns
            if end_ns - span.start_ns >= INSTANT_NS:
                return span
    return None


def _limit(case: Case) -> int | None:
    """How many low-priority loads were let through for most of the time in which others were held back."""
    held = [(timeline, span) for timeline in case.timelines if (span := _held(timeline))]
    if not held:
        return None
    running = []
    for timeline in case.timelines:
        started = timeline.span("netlog", "URL_REQUEST_START_JOB")
        if started and timeline.tracks["netlog"].facts.get("priority") in LOW:
            running.append((started.start_ns, timeline.end_ns))
    begin_ns = min(span.start_ns for _, span in held)
    until_ns = max(timeline.end_ns if span.end_ns is None else span.end_ns for timeline, span in held)
    lasted = time_at_levels(running, begin_ns, until_ns)
    return max(lasted, key=lambda height: lasted[height], default=0) or None


CAUSE = Cause(
    id="load-throttle",
    title="load throttle",
    culprit="browser",
    what="The browser starts only so many low-priority loads of one tab at once, over all hosts.",
    recognised="DELEGATE_INFO blocked by ResourceScheduler in the NetLog.",
    remedy="A higher fetch priority, fetch() instead of images, or a visible tab.",
    claims=_claims,
    needs=frozenset({"netlog"}),
    limits=True,
    limit=_limit,
)
