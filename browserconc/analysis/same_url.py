"""How many requests for one URL were with the server together, whatever they had waited for before."""

from __future__ import annotations

from browserconc.analysis.concurrency import concurrency
from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import Case, Cause


def let_through(cause: Cause, case: Case) -> int:
    """The level sustained by requests for one of the URLs that waited for this cause; at least 1.

    The lock of a cache entry is handed on with the headers: bodies overlap, and so do all that go on
    when it times out.
    """
    waited = {
        timeline.url
        for timeline in case.timelines
        if timeline.url.startswith("http") and any(True for _ in cause.claims(timeline, case))
    }
    return max((_level(url, case) for url in waited), default=1) or 1


def _level(url: str, case: Case) -> int:
    sent = [(on_the_wire_ns(each), each.end_ns) for each in case.timelines if each.url == url]
    spans = [(start_ns, end_ns) for start_ns, end_ns in sent if start_ns is not None]
    return concurrency(spans, max((end_ns for _, end_ns in spans), default=0)).sustained
