"""The server, or a gateway before it, admits so many requests of one client: refuses or delays the others.

A refusal is a status (429 Too Many Requests, RFC 6585, section 4; 503 Service Unavailable), and no wait. A
request that is delayed is on the wire long before the application starts it, though the application has
room: that something lets them through at a rate is known from outside (`analysis/outside_queues.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import HANDOVER_NS, Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

REFUSALS = (429, 503)


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if case.evidence.facts.get("server_cause") != CAUSE.id:
        return
    sent_ns, service = on_the_wire_ns(timeline), timeline.span("ledger", "service")
    if service is None or sent_ns is None:
        return
    if service.start_ns - sent_ns > HANDOVER_NS:
        yield Claim(CAUSE.id, sent_ns, service.start_ns, "held back on its way to the application")


def _remark(case: Case) -> str | None:
    refused = [timeline.status for timeline in case.timelines if timeline.status in REFUSALS]
    if not refused:
        return None
    return f"{len(refused)} of {len(case.timelines)} requests were refused with status {refused[0]}."


CAUSE = Cause(
    id="rate-limit",
    title="rate limit",
    culprit="server",
    what="The server or a gateway before it lets only so many requests of one client through, and refuses or "
    "delays the others.",
    recognised="Status 429 or 503 for some of many though one alone is served, or answers that come evenly "
    "at a distance which is not the time that one alone takes.",
    remedy="A lower rate, fewer tabs, or a higher limit for this client.",
    claims=_claims,
    needs=frozenset({"ledger"}),
    limits=True,
    remark=_remark,
)
