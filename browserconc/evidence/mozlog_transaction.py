"""A transaction of Firefox's (nsHttpTransaction): queued by the connection manager, then on a connection.

Source: netwerk/protocol/http (nsHttpConnectionMgr.cpp, ConnectionEntry.cpp) and netwerk/base.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from browserconc.model.timeline import Span

# nsISocketTransport.idl and nsITransport.idl: what a transaction's transport is doing.
RESOLVING, RESOLVED, CONNECTING, CONNECTED = "4b0003", "4b000b", "4b0007", "4b0004"
TLS_STARTING, TLS_ENDED = "4b000c", "4b000d"
SENDING, WAITING, RECEIVING = "4b0005", "4b000a", "4b0006"
_PHASES = (
    ("dns", RESOLVING, RESOLVED),
    ("connect", CONNECTING, CONNECTED),
    ("ssl", TLS_STARTING, TLS_ENDED),
    ("send", SENDING, WAITING),
    ("wait", WAITING, RECEIVING),
)
GROUP, POOL, PACING = "group", "pool", "pacing"


@dataclass(slots=True)
class Transaction:
    """`states` are what the connection manager said of it until it was dispatched, with its reasons."""

    states: list[tuple[int, str | None, int | None]] = field(default_factory=list)
    dispatched_ns: int | None = None
    status: dict[str, int] = field(default_factory=dict)
    closed_ns: int | None = None
    group: str | None = None
    connection: str | None = None
    reused: bool | None = None

    def wait(self, time_ns: int, reason: str | None, held: int | None) -> None:
        """Notes that it is queued, unless it was dispatched before."""
        if self.dispatched_ns is None:
            self.states.append((time_ns, reason, held))

    def spans(self, stopped_ns: int | None) -> Iterator[Span]:
        """Its stretches in the queue, then what its transport did; `stopped_ns`: its channel was over."""
        yield from _queue(self, stopped_ns)
        yield from _transport(self, stopped_ns)


def _queue(transaction: Transaction, stopped_ns: int | None) -> Iterator[Span]:
    """Each stretch in the queue for one reason, until the next or until it was dispatched."""
    begun: tuple[int, str | None, int | None] | None = None
    end_ns = transaction.dispatched_ns if transaction.dispatched_ns is not None else stopped_ns
    for state in transaction.states:
        if begun and begun[1] != state[1]:
            yield _waited(begun, state[0])
            begun = state
        # Of one stretch the last count is the true one: connections that are being made count too.
        begun = (begun[0], state[1], state[2]) if begun else state
    if begun:
        yield _waited(begun, end_ns)


def _waited(state: tuple[int, str | None, int | None], end_ns: int | None) -> Span:
    start_ns, reason, held = state
    if reason == PACING:
        return Span("pacing", start_ns, end_ns)
    return Span("pending", start_ns, end_ns, {"limit": reason, "held": held})


def _transport(transaction: Transaction, stopped_ns: int | None) -> Iterator[Span]:
    status = transaction.status
    over_ns = transaction.closed_ns if transaction.closed_ns is not None else stopped_ns
    for name, begins, ends in _PHASES:
        start, end = status.get(begins), status.get(ends)
        if start is not None and (end is None or end >= start):
            yield Span(name, start, over_ns if end is None else end)
    if (received := status.get(RECEIVING)) is not None:
        yield Span("receive", received, over_ns)
