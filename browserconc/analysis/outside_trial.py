"""A round of raw sockets as a trial of its own, to stand beside the tabs'."""

from __future__ import annotations

from browserconc.analysis.outside_rounds import is_cached, named
from browserconc.model.cause import Evidence
from browserconc.model.outside import Answer, OutsideView, Round
from browserconc.model.timeline import Span, Track

SOURCE = "client"


def round_for(view: OutsideView, tabs: int) -> Round | None:
    """The last round of the user's own request, sent by at least as many clients as there are tabs."""
    wide = [each for each in named(view, "together") if each.experiment.clients >= tabs]
    return wide[-1] if wide else None


def first_byte_ns(view: OutsideView | None) -> int | None:
    """The least that the first byte of one request alone took; None where none was answered.

    A cache's quick answers are no measure of the work, as in `outside_rounds.service_ns`.
    """
    answers = [answer for one in named(view, "alone") for answer in one.answers] if view else []
    if view and is_cached(view):
        answers = answers[:1] + [a for one in named(view, "alone-new-url") for a in one.answers]
    took = [
        a.first_byte_ns - a.sent_ns for a in answers if a.first_byte_ns is not None and a.sent_ns is not None
    ]
    return min(took, default=None)


def as_client_saw(one: Round, tabs: int, evidence: Evidence, *, url: str | None = None) -> Evidence:
    """The evidence of the `tabs` requests that were answered first; `url` if it is not the evidence's own.

    What a wider round shows of them is what so many alone would have shown: those behind them took
    nothing from them.
    """
    first = sorted(one.answers, key=lambda answer: (answer.done_ns is None, answer.done_ns or 0))[:tabs]
    ends = [answer.done_ns for answer in first if answer.done_ns is not None]
    return Evidence(
        id=evidence.id,
        strategy=evidence.strategy,
        server=None,
        server_stated=None,
        url=evidence.url,
        tabs=tabs,
        delay_ns=None,
        repeat=1,
        released_ns=one.released_ns,
        ended_ns=max(ends, default=one.released_ns),
        tracks=tuple(_track(index, answer, one, url or evidence.url) for index, answer in enumerate(first)),
        sources=frozenset({SOURCE}),
        facts=evidence.facts,
        alone_ns=evidence.alone_ns,
    )


def _track(index: int, answer: Answer, one: Round, url: str) -> Track:
    stretches = (
        ("connect", answer.connect_start_ns, answer.connected_ns),
        ("send", answer.connected_ns, answer.sent_ns),
        ("wait", answer.sent_ns, answer.first_byte_ns),
        ("receive", answer.first_byte_ns, answer.done_ns),
        ("request", one.released_ns, answer.done_ns),
    )
    return Track(
        SOURCE,
        str(index),
        url,
        tuple(Span(name, start, end) for name, start, end in stretches if start is not None),
        index=index,
        facts={"status": answer.status, "error": answer.error},
    )
