"""When the server worked for a request: the only part of its time that is not waiting."""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import HANDOVER_NS, Case
from browserconc.model.finding import SERVICE, Claim
from browserconc.model.timeline import Timeline

QUEUED_SHARE = 0.3
"""A request that waits for others in the server does so for a good part of what one of them takes."""
NOTICEABLE_NS = 100_000_000
"""Shorter durations are told in milliseconds."""


def service_claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    """The handler's run by the ledger, with the short ways to it and back.

    Without a ledger all from the request on the wire to the last byte is the server's. Where it is known
    what holds requests back in there and how long one alone takes, what is beyond that is waiting.
    """
    sent_ns = on_the_wire_ns(timeline)
    answered_ns = _answered_ns(timeline)
    if service := timeline.span("ledger", "service"):
        end_ns = service.end_ns if service.end_ns is not None else timeline.end_ns
        yield Claim(SERVICE, service.start_ns, end_ns, "the handler ran")
        if sent_ns is not None and 0 < service.start_ns - sent_ns <= HANDOVER_NS:
            yield Claim(SERVICE, sent_ns, service.start_ns, "on the way to the handler")
        if answered_ns is not None and 0 < answered_ns - end_ns <= HANDOVER_NS:
            yield Claim(SERVICE, end_ns, answered_ns, "on the way back")
    elif sent_ns is not None and "ledger" not in case.evidence.sources:
        end_ns = timeline.end_ns if answered_ns is None else answered_ns
        yield from _held_inside(timeline, case, sent_ns, end_ns)
        yield Claim(SERVICE, sent_ns, end_ns, "with the server")


def _held_inside(timeline: Timeline, case: Case, sent_ns: int, end_ns: int) -> Iterator[Claim]:
    """What a server without a ledger is known to hold requests back by, from outside."""
    cause = case.evidence.facts.get("server_cause")
    if not isinstance(cause, str):
        return
    if (alone_ns := case.evidence.alone_ns.get(host_and_path(timeline.url))) is None:
        return
    if end_ns - sent_ns - alone_ns > max(HANDOVER_NS, QUEUED_SHARE * alone_ns):
        yield Claim(
            cause,
            sent_ns,
            end_ns - alone_ns,
            f"with the server, which alone takes {_duration(alone_ns)} for it",
        )


def host_and_path(url: str) -> str:
    """What requests have in common that ask the same of a server: the address without its query."""
    return url.partition("://")[2].partition("#")[0].partition("?")[0]


def on_the_wire_ns(timeline: Timeline) -> int | None:
    """When the request was sent, None where nobody saw it."""
    for source, name in (
        ("netlog", "HTTP_TRANSACTION_SEND_REQUEST"),
        ("mozlog", "send"),
        ("cdp", "send"),
        ("client", "send"),
    ):
        if span := timeline.span(source, name):
            return span.start_ns
    return None


def _answered_ns(timeline: Timeline) -> int | None:
    """When the last byte was there, by the source that stands nearest to the wire."""
    if (body := timeline.span("netlog", "HTTP_TRANSACTION_READ_BODY")) and body.end_ns is None:
        return timeline.end_ns  # a stream that stays open
    for source, names in (
        ("netlog", ("HTTP_TRANSACTION_READ_HEADERS", "HTTP_TRANSACTION_READ_BODY")),
        ("mozlog", ("wait", "receive")),
        ("cdp", ("wait", "receive")),
        ("client", ("receive",)),
    ):
        spans = [timeline.span(source, name) for name in names]
        if ends := [span.end_ns for span in spans if span and span.end_ns is not None]:
            return max(ends)
    return None


def _duration(ns: int) -> str:
    return f"{ns / 1e6:.0f} ms" if ns < NOTICEABLE_NS else f"{ns / 1e9:.2f} s"
