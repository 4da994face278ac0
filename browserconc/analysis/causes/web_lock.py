"""Scripts of several tabs exclude each other: a page waits until another lets go of a lock.

It is no request's time: the page asks for nothing until it has the lock. So it is recognised on the way
of a tab, between its requests (`analysis/page_waits.py`): the tab was idle, and the browser said that
requests for a lock of navigator.locks were pending. Locks belong to an origin within one context.
Transactions of IndexedDB leave no trace; `analysis/shared_storage.py` says how they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    yield from ()


def _limit(case: Case) -> int | None:
    return 1


CAUSE = Cause(
    id="web-lock",
    title="web lock",
    culprit="page",
    what="Scripts exclude each other with a lock of navigator.locks or a transaction of IndexedDB, which all "
    "tabs of an origin share in one browser context: one tab goes on, the others wait.",
    recognised="The tab asks for nothing, and navigator.locks.query() has pending requests; or it keeps a "
    "database of IndexedDB, and waits no longer in a context of its own.",
    remedy="A lock of a narrower name, or a shared one (mode: 'shared'); a browser context per tab.",
    claims=_claims,
    needs=frozenset(),  # it claims nothing
    limits=True,
    limit=_limit,
)
