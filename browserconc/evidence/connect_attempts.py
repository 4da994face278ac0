"""What a connect job did before its connection began: the addresses it tried, the lock it waited for.

A job asks for one address after another (or for a second one beside the first that does not answer) and
notes each at the instant at which it asks: TCP_CONNECT_JOB_CONNECTOR_CONNECT_START. The socket begins to
connect at once, but for a WebSocket, which first waits for the lock of its IP address and port.
Source: net/socket/tcp_connect_job.cc, net/socket/websocket_endpoint_lock_manager.cc.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from browserconc.model.timeline import Span

EVENT = "TCP_CONNECT_JOB_CONNECTOR_CONNECT_START"
LOCK = "WEBSOCKET_ENDPOINT_LOCK"
"""Our span for a WebSocket that waits until the one before it has its handshake; never for HTTP."""
FALLBACK = "TCP_CONNECT_FALLBACK"
"""Our span for the time that an address took which then was not used; detail `address` is that address."""


class Connecting(Protocol):
    """A socket that may be connecting; `connect` is when it began to and when it was done."""

    connect: list[int | None]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A job asks for this address at this instant."""

    address: str
    asked_ns: int
    socket: Connecting


def spans(attempts: Sequence[Attempt], used: Connecting | None, *, websocket: bool) -> Iterator[Span]:
    """What the attempts of one job say of the connection that it made, or makes still (`used` is None)."""
    if not attempts:
        return
    mine = next((attempt for attempt in attempts if attempt.socket is used), attempts[-1])
    began_ns = mine.socket.connect[0]
    if mine is not attempts[0]:
        first = attempts[0]
        yield Span(FALLBACK, first.asked_ns, mine.asked_ns, {"address": first.address})
    if websocket and (began_ns is None or began_ns > mine.asked_ns):
        yield Span(LOCK, mine.asked_ns, began_ns)
