"""Requests with the same session cookie exclude each other: one is worked on, the others wait inside.

That it is the session is known from outside only: with the same cookies the requests are serial, without
them or with cookies of their own they are not (`analysis/outside_locks.py`). A ledger shows handlers that
overlap and take the longer the later they end; what goes beyond one alone is the wait for the lock.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis.service import host_and_path
from browserconc.model.cause import HANDOVER_NS, Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    if case.evidence.facts.get("server_cause") != CAUSE.id:
        return
    service = timeline.span("ledger", "service")
    alone_ns = case.evidence.alone_ns.get(host_and_path(timeline.url))
    if service is None or alone_ns is None:
        return
    end_ns = service.end_ns if service.end_ns is not None else timeline.end_ns
    if end_ns - service.start_ns - alone_ns > HANDOVER_NS:
        because = "in its handler, for the session that another request held"
        yield Claim(CAUSE.id, service.start_ns, end_ns - alone_ns, because)


def _limit(case: Case) -> int | None:
    return 1


CAUSE = Cause(
    id="session-lock",
    title="session lock",
    culprit="server",
    what="The server locks a visitor's session while it works on one of his requests, so requests with the "
    "same session cookie exclude each other.",
    recognised="By raw sockets too, requests with the same cookies run one after the other, and without "
    "cookies or with cookies of their own all at once. Tabs show the picture of the cache lock.",
    remedy="Close the session as soon as it is read (session_write_close in PHP), sessions without locks, or "
    "a browser context per tab that logs in for itself.",
    claims=_claims,
    needs=frozenset({"ledger"}),
    limits=True,
    slows=True,
    limit=_limit,
    threads=("ubccr/xdmod#2271", "nextcloud/server#29356"),
)
