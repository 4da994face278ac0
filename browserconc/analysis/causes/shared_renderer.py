"""Windows that a page opened with window.open() share its renderer, and so one main thread.

It is no request's time. So it is recognised on the way of a tab, between its requests
(`analysis/page_waits.py`): the tab had opened windows, and its page did not answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    yield from ()


CAUSE = Cause(
    id="shared-renderer",
    title="shared renderer",
    culprit="page",
    what="Windows that a page opens with window.open() run in its renderer process: while a script of one "
    "computes, the main thread of all stands still.",
    recognised="The page has opened windows, and for a long stretch without requests it does not answer.",
    remedy="window.open() with noopener, a Worker for what computes, or a browser context per window.",
    claims=_claims,
    needs=frozenset(),  # it claims nothing
    limits=True,
    threads=("thomasdondorf/puppeteer-cluster#474",),
)
