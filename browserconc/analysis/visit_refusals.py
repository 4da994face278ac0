"""What the browser refused a page at once: nobody waited, and yet the page has not what it asked for."""

from __future__ import annotations

from dataclasses import replace

from browserconc.analysis.causes import CAUSES
from browserconc.model.cause import Case
from browserconc.model.finding import Verdict

LESSER = (None, "websocket-handshake")
"""What matters less to a page than WebSockets that it does not get at all: those that it gets are late."""


def with_refusals(verdict: Verdict, case: Case) -> Verdict:
    """The verdict, where WebSockets were refused with that beside it, or that in its place."""
    cause = next(cause for cause in CAUSES if cause.id == "websocket-limit")
    remark = cause.remark(case) if cause.remark else None
    if remark is None or remark in verdict.because:
        return verdict
    because = (remark, *verdict.because)
    if verdict.kind == "undecided" or verdict.cause not in LESSER:
        return replace(verdict, because=because)
    limit = cause.limit(case) if cause.limit else None
    return Verdict("limited", limit, cause.culprit, cause.id, 0.0, verdict.doubts, because)
