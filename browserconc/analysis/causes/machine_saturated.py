"""This machine's processors were the limit: processes waited for a core between two steps.

Claimed only where the trial's own evidence shows it: nearly all cores busy all the time, or
processes ready to run that had to wait (Linux's pressure stall information). Then gaps between the
steps of a request are explained that are too long for an ordinary hand-over.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis.processors import SATURATED_HANDOVER_NS, saturated
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

_ENVELOPES = (
    "HTTP_STREAM_REQUEST",
    "HTTP_TRANSACTION_READ_HEADERS",
    "REQUEST_ALIVE",
    "URL_REQUEST_START_JOB",
    "WEBSOCKET",
    "receive",
    "released",
    "request",
    "wait",
)
"""Spans that contain the steps of others, the server's among them."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if not saturated(case):
        return
    steps = sorted(
        (span.start_ns, span.end_ns)
        for track in timeline.tracks.values()
        for span in track.spans
        if span.name not in _ENVELOPES and span.end_ns is not None
    )
    reached_ns = timeline.start_ns
    for start_ns, end_ns in [*steps, (timeline.end_ns, timeline.end_ns)]:
        if 0 < start_ns - reached_ns <= SATURATED_HANDOVER_NS:
            yield Claim(CAUSE.id, reached_ns, start_ns, "no processor was free")
        reached_ns = max(reached_ns, end_ns)


def _remark(case: Case) -> str | None:
    if not saturated(case):
        return None
    return "The machine's processors were saturated during the trial, so times are longer than they need be."


CAUSE = Cause(
    id="machine-saturated",
    title="busy machine",
    culprit="client",
    what="The processors of this machine are the limit: browser, server and client wait for a free core.",
    recognised="All cores busy, or processes that wait for one (/proc/pressure/cpu).",
    remedy="Fewer tabs, more machines, or nothing else running beside the test.",
    claims=_claims,
    remark=_remark,
    threads=("mifi/reactive-video#11",),
)
