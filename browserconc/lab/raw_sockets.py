"""Many requests at once over plain non-blocking sockets: the client that holds nothing back.

One selector, one thread, one socket per request. While answers come in, nothing but `recv` and a
time stamp happens; parsing waits until there is nothing to read, and takes its instants from the
stamps. So a thousand answers that arrive together are not delayed by each other's parsing. The same
goes for TLS: only the handshake is answered at once, deciphering is a part of parsing.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from time import monotonic_ns

from browserconc.lab import tcp_socket
from browserconc.lab.client_state import Client
from browserconc.lab.tcp_socket import IN_PROGRESS
from browserconc.lab.tls_channel import TlsError

CLOSED_SHAKING = "the server closed the connection during the TLS handshake"
CHUNK = 65_536
LOOK_EVERY = 64
"""While requests are being released, answers that are already there are stamped after this many."""
PARSE_AT_LATEST_NS = 20_000_000
"""An answer that waits longer is parsed although there is more to read, so that its connection is
closed: a small server may hold a worker until then."""


class Flight:
    """Puts all clients' requests in flight and stamps what happens to them.

    `interrupt`, where given, is a socket that becomes readable when the flight is to end early. With `hold`
    no connection that was answered is closed before all are over.

    Raises:
        OSError: the system has no socket left for a client, before anything was connected.
    """

    def __init__(
        self,
        clients: Sequence[Client],
        selector: BaseSelector,
        *,
        timeout_s: float,
        interrupt: socket.socket | None = None,
        hold: bool = False,
    ) -> None:
        self._clients = clients
        self._selector = selector
        self._timeout_s = timeout_s
        self._hold = hold
        self._interrupted = False
        self._waiting: deque[Client] = deque()
        self._connecting = len(clients)
        self._open = len(clients)
        self._send_at_once = True
        if interrupt is not None:
            selector.register(interrupt, EVENT_READ, None)
        try:
            for client in clients:
                if client.addresses:
                    client.socket = tcp_socket.non_blocking(client.addresses[0])
                else:
                    self._fail(client, None, "the host name does not resolve")
        except OSError:
            self._close_all()
            raise

    def cold(self) -> int:
        """Connects and sends, one client after the other without a pause; the release instant."""
        released_ns = monotonic_ns()
        for client in self._clients:
            if not client.over:
                self._connect(client)
            if client.index % LOOK_EVERY == LOOK_EVERY - 1:
                self._look(0)
        return self._finish(released_ns)

    def warm(self) -> int:
        """Connects all, then sends on all in one loop; the release instant between the two."""
        self._send_at_once = False
        deadline = monotonic_ns() + self._timeout_ns
        for client in self._clients:
            if not client.over:
                self._connect(client)
            if client.index % LOOK_EVERY == LOOK_EVERY - 1:
                self._look(0)
        while self._connecting and self._turn(deadline):
            pass
        for client in self._clients:
            if client.ready_ns is None and not client.over:
                self._fail(client, None, self._why_unfinished("connection"))
            elif client.channel and not client.over:
                client.ask()
        released_ns = monotonic_ns()
        for client in self._clients:
            if not client.over and not self._interrupted:
                self._send(client)
            if client.index % LOOK_EVERY == LOOK_EVERY - 1:
                self._look(0)
        return self._finish(released_ns)

    @property
    def _timeout_ns(self) -> int:
        return round(self._timeout_s * 1e9)

    def _finish(self, released_ns: int) -> int:
        deadline = released_ns + self._timeout_ns
        while self._open and self._turn(deadline):
            pass
        while self._waiting:
            self._parse(self._waiting.popleft())
        for client in self._clients:
            if not client.over:
                missing = "connection" if client.ready_ns is None else "complete answer"
                self._fail(client, None, self._why_unfinished(missing))
        self._close_all()
        return released_ns

    def _why_unfinished(self, missing: str) -> str:
        return "interrupted" if self._interrupted else f"no {missing} within {self._timeout_s:g} s"

    def _turn(self, deadline: int) -> bool:
        """Reads what there is to read, else parses, else waits; False when it is time to stop."""
        now = monotonic_ns()
        if self._interrupted or now >= deadline:
            return False
        waiting = self._waiting
        ready = self._look(0 if waiting else (deadline - now) / 1e9)
        if waiting and (not ready or now - waiting[0].unparsed[0][0] > PARSE_AT_LATEST_NS):
            self._parse(waiting.popleft())
        return True

    def _look(self, timeout_s: float) -> int:
        ready = self._selector.select(timeout_s)
        for key, events in ready:
            client = key.data
            if client is None:
                self._interrupted = True
            elif events & EVENT_WRITE:
                self._writable(client)
            else:
                self._read(client)
        return len(ready)

    def _connect(self, client: Client) -> None:
        assert client.socket is not None
        _, address = client.addresses.popleft()
        now = monotonic_ns()
        client.connect_start_ns = client.connect_start_ns or now
        problem = client.socket.connect_ex(address)
        if problem and problem not in IN_PROGRESS:
            self._connect_failed(client, problem)
        elif self._send_at_once or client.channel:
            # On loopback the handshake is over when connect returns, though it says "in progress".
            self._send(client)
        elif tcp_socket.is_connected(client.socket):
            self._connected(client, monotonic_ns())
            self._watch(client, EVENT_READ)
        else:
            self._watch(client, EVENT_WRITE)

    def _connected(self, client: Client, now: int) -> None:
        client.connected_ns = now
        if client.channel is None:
            self._connecting -= 1

    def _connect_failed(self, client: Client, problem: int) -> None:
        now = monotonic_ns()
        if not client.addresses:
            self._fail(client, now, tcp_socket.phrase(problem))
            return
        self._release_socket(client)
        try:
            client.socket = tcp_socket.non_blocking(client.addresses[0])
        except OSError as refused:
            self._fail(client, now, tcp_socket.phrase(refused.errno))
        else:
            self._connect(client)

    def _send(self, client: Client) -> None:
        assert client.socket is not None
        now = monotonic_ns()
        try:
            sent = client.socket.send(client.unsent)
        except OSError as problem:
            if problem.errno in IN_PROGRESS:
                self._watch(client, EVENT_READ | EVENT_WRITE)
            elif client.connected_ns is None:
                self._connect_failed(client, problem.errno or 0)
            else:
                self._fail(client, now, tcp_socket.phrase(problem.errno))
            return
        if client.connected_ns is None:
            self._connected(client, now)
        if client.asking:
            client.sent_ns = now  # before the call, so that no server can have seen it earlier
        client.unsent = client.unsent[sent:]
        self._watch(client, EVENT_READ | EVENT_WRITE if client.unsent else EVENT_READ)

    def _writable(self, client: Client) -> None:
        assert client.socket is not None
        if client.connected_ns is None:
            now = monotonic_ns()
            problem = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if problem:
                self._connect_failed(client, problem)
                return
            self._connected(client, now)
        if client.events & EVENT_READ:
            self._send(client)
        else:
            self._watch(client, EVENT_READ)

    def _shake(self, client: Client, data: bytes, now: int) -> None:
        """The next step of the TLS handshake; after the last one, the request where it may be sent."""
        assert client.channel is not None
        if not data:
            self._fail(client, now, client.failure[1] if client.failure else CLOSED_SHAKING)
            return
        try:
            done = client.channel.shake(data)
        except TlsError as problem:
            self._fail(client, now, str(problem))
            return
        client.unsent = memoryview(bytes(client.unsent) + client.channel.outgoing())
        if done:
            client.secured_ns = now
            self._connecting -= 1
            if self._send_at_once:
                client.ask()
        if client.unsent:
            self._send(client)

    def _read(self, client: Client) -> None:
        assert client.socket is not None
        try:
            data = client.socket.recv(CHUNK)
            now = monotonic_ns()
        except (BlockingIOError, InterruptedError):
            return
        except OSError as problem:
            data, now = b"", monotonic_ns()
            client.failure = now, tcp_socket.phrase(problem.errno)
        if client.channel and client.secured_ns is None:
            self._shake(client, data, now)
            return
        if not data:
            self._watch(client, 0)
        if not client.unparsed:
            self._waiting.append(client)
        client.unparsed.append((now, data))

    def _parse(self, client: Client) -> None:
        if not client.over and client.parse():
            self._close(client)

    def _fail(self, client: Client, now: int | None, phrase: str) -> None:
        client.failure = now, phrase
        self._close(client)

    def _close(self, client: Client) -> None:
        if client.failure:
            client.done_ns = client.failure[0]
        client.over = True
        self._open -= 1
        self._connecting -= client.ready_ns is None
        if self._hold and client.socket is not None and client.failure is None:
            self._watch(client, 0)
        else:
            self._release_socket(client)

    def _release_socket(self, client: Client) -> None:
        if client.socket is None:
            return
        self._watch(client, 0)
        client.local_port = tcp_socket.local_port(client.socket)
        client.retransmits = tcp_socket.retransmits(client.socket)
        client.socket.close()
        client.socket = None

    def _watch(self, client: Client, events: int) -> None:
        assert client.socket is not None
        if events == client.events:
            return
        if not client.events:
            self._selector.register(client.socket, events, client)
        elif events:
            self._selector.modify(client.socket, events, client)
        else:
            self._selector.unregister(client.socket)
        client.events = events

    def _close_all(self) -> None:
        for client in self._clients:
            self._release_socket(client)
