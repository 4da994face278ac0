"""The server has so many workers or threads; a request that finds all of them busy waits for one.

Evidence: the request was sent, and the process that took it later was busy all the time in
between, with as many requests as it ever ran at once. So workers that accept unevenly are seen
as they are: a request can wait in one process while another has a thread to spare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from browserconc.analysis.concurrency import Interval, busy_throughout, concurrency, service_spans
from browserconc.analysis.processors import longest_handover_ns
from browserconc.analysis.service import on_the_wire_ns
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline, Track

INSTANT_NS = 5_000_000
"""Handing a request to a free worker takes a few milliseconds; less than this is no queue."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    ours = case.evidence.server is not None and case.evidence.facts.get("server_model") != "unknown"
    if ours and case.evidence.server_stated is None:
        return  # a server of ours that is configured without a limit has no width to wait for
    if "ledger" not in timeline.tracks:
        return
    if _nobody_saw_them_leave(case):
        yield from _by_ledger_alone(timeline, case)
        return
    ledger = timeline.tracks.get("ledger")
    service = timeline.span("ledger", "service")
    sent_ns = on_the_wire_ns(timeline)
    if ledger is None or service is None or sent_ns is None or service.start_ns - sent_ns < INSTANT_NS:
        return
    others = service_spans((t for t in _served(case) if t is not ledger and _pid(t) == _pid(ledger)), case)
    own = service_spans([ledger], case)
    width = concurrency(others + own, 0).sustained
    if not busy_throughout(others, width, sent_ns, service.start_ns, longest_handover_ns(case)):
        if _was_held_by_silence(ledger, case):  # between two requests, which were waited for all the same
            yield from _each(others, sent_ns, service.start_ns)
        return
    busy = "one request" if width == 1 else f"{width} requests"
    yield Claim(
        "server-width",
        sent_ns,
        service.start_ns,
        f"in the server's queue: sent, but the process that took it was busy with {busy}",
    )


def _was_held_by_silence(ledger: Track, case: Case) -> bool:
    """Did the process accept a connection that carried no request?"""
    return any(_pid(track) == _pid(ledger) and not track.span("service") for track in case.strangers)


def _each(others: Iterable[Interval], sent_ns: int, start_ns: int) -> Iterator[Claim]:
    for begin, end in others:
        if begin < start_ns and end > sent_ns:
            yield Claim(
                CAUSE.id,
                max(begin, sent_ns),
                min(end, start_ns),
                "in the server's queue: sent, but the process that took it ran another request",
            )


def _nobody_saw_them_leave(case: Case) -> bool:
    return all(on_the_wire_ns(timeline) is None for timeline in case.timelines)


def _by_ledger_alone(timeline: Timeline, case: Case) -> Iterator[Claim]:
    """Without the browser's log: the server ran all that it can, from the start until this request.

    Then it could not have taken this one sooner. A server that takes one request at a time and
    tabs that wait for each other at the cache give the same picture, so equal URLs prove nothing there.
    """
    stated = case.evidence.server_stated
    service = timeline.span("ledger", "service")
    equal_urls = len({other.url for other in case.timelines}) < len(case.timelines)
    if service is None or stated is None or (stated == 1 and equal_urls):
        return
    served = service_spans(_served(case), case)
    if concurrency(served, 0).sustained != stated or service.start_ns - timeline.start_ns < INSTANT_NS:
        return
    others = service_spans((t for t in _served(case) if t is not timeline.tracks["ledger"]), case)
    if busy_throughout(others, stated, timeline.start_ns, service.start_ns, longest_handover_ns(case)):
        yield Claim(
            "server-width",
            timeline.start_ns,
            service.start_ns,
            f"while the server always ran the {stated} that it can",
        )


def _remark(case: Case) -> str | None:
    if not _nobody_saw_them_leave(case) or not any(True for t in case.timelines for _ in _claims(t, case)):
        return None
    return (
        "The browser left no log: that the server was always busy is its ledger's word, and the browser "
        "may have held requests back besides."
    )


def _served(case: Case) -> list[Track]:
    tracks = [t.tracks["ledger"] for t in case.timelines if "ledger" in t.tracks]
    return tracks + list(case.strangers)


def _pid(track: Track) -> object:
    return track.facts.get("pid")


CAUSE = Cause(
    id="server-width",
    title="server queue",
    culprit="server",
    what="The server runs only as many requests at once as it has workers or threads, or as a lock inside it "
    "lets through; the others wait.",
    recognised="Raw sockets show the same steps; the ledger shows requests that were sent and waited until a "
    "worker was free.",
    remedy="More workers or threads; where it has enough of them, a narrower lock or a larger pool inside.",
    claims=_claims,
    needs=frozenset({"ledger"}),
    limits=True,
    remark=_remark,
    threads=("J-M-PUNK/tideway#384", "benoitc/gunicorn#2825", "gradio-app/gradio#6435"),
)
