"""A loopback server that holds requests until it is told to answer: what is in flight can be counted.

Nothing is answered while a limit is measured, so the count does not depend on how far apart requests
were sent. It speaks as much HTTP/1.1, EventSource and WebSocket as the measurements need, and answers
as a proxy does for absolute addresses. It runs in our own event loop.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
QUIET_S = 0.25
"""Without a further arrival for so long, all that can come has come (on a busy machine: see `settled`)."""
STEP_S = 0.02
_WEBSOCKET_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_PAGE = b"<!doctype html><title>page</title>"
_WORKER = b"""onactivate = event => event.waitUntil(clients.claim());
onfetch = event => event.respondWith(fetch(event.request));
"""
_HEADERS = (
    "Cache-Control: no-store\r\nAccess-Control-Allow-Origin: {origin}\r\n"
    "Access-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Headers: *\r\n"
)


async def settled(held: Callable[[], int], expected: int, timeout_s: float, quiet_s: float) -> int:
    """Waits until `expected` are held, or no more arrive for `quiet_s`; how many are held then.

    Args:
        held: how many there are now.
        expected: with so many there is nothing more to wait for.
        timeout_s: for the first arrival, and for all of them.
        quiet_s: measured from the last arrival. A machine that lets us wait lets the browser wait too, so
            a step that took longer than it should counts little.
    """
    last = time.monotonic()
    deadline = last + timeout_s
    count, quiet = -1, 0.0
    while last < deadline and held() < expected:
        if held() != count:
            count, quiet = held(), 0.0
        if count and quiet > quiet_s:
            break
        await asyncio.sleep(STEP_S)
        now = time.monotonic()
        quiet += min(now - last, 2 * STEP_S)
        last = now
    return held()


class HoldingServer:
    """Use as an asynchronous context manager.

    Of its paths `/page` is answered at once, `/worker.js` too (a service worker that passes requests on),
    `/hold…` when it is released, `/events` with headers and then nothing, `/socket` as a WebSocket whose
    handshake is held unless its query says `at-once`.

    Attributes:
        accepted: connections so far.
        requests: requests so far, those for `/page` included.
        arrivals: the instant (ns, monotonic) of each request that was held.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.accepted = 0
        self.requests = 0
        self.arrivals: list[int] = []
        self.held: set[_Connection] = set()
        self._tls = tls
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._answers = False

    async def __aenter__(self) -> Self:
        listener = socket.create_server((LOOPBACK, 0), backlog=1024)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=listener, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server
        self._server.close()
        for connection in list(self._open):
            connection.abort()
        await asyncio.sleep(0)  # their transports' last call-backs

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server
        return int(self._server.sockets[0].getsockname()[1])

    def origin(self, host: str = LOOPBACK) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    async def settled(self, expected: int, timeout_s: float, quiet_s: float = QUIET_S) -> int:
        """As the function of that name: how many requests are held."""
        return await settled(lambda: len(self.held), expected, timeout_s, quiet_s)

    def release(self) -> None:
        """Answers what is held and, from now on, everything at once."""
        self._answers = True
        for connection in list(self.held):
            connection.answer()

    def answer_one(self) -> None:
        """Answers one of those that are held."""
        if connection := next(iter(self.held), None):
            connection.answer()

    # What connections tell:

    def connected(self, connection: _Connection) -> None:
        """A browser connects."""
        self.accepted += 1
        self._open.add(connection)

    def asked(self, connection: _Connection) -> bool:
        """A request that is to be held; whether it is answered at once instead."""
        self.arrivals.append(time.monotonic_ns())
        if not self._answers:
            self.held.add(connection)
        return self._answers

    def left(self, connection: _Connection) -> None:
        """A connection is over, or what it held has been answered."""
        self.held.discard(connection)

    def gone(self, connection: _Connection) -> None:
        """A connection is closed."""
        self._open.discard(connection)
        self.held.discard(connection)


class _Connection(asyncio.Protocol):
    def __init__(self, server: HoldingServer) -> None:
        self._server = server
        self._data = b""
        self._transport: asyncio.WriteTransport | None = None
        self._origin = "*"
        self._websocket_key: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._server.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.gone(self)

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0") or 0)
        if len(rest) < length:
            return
        self._data = b""
        method, _, target = first.partition(" ")
        target = target.partition(" ")[0]
        if "://" in target:  # as a proxy is asked
            target = "/" + target.partition("://")[2].partition("/")[2]
        self._origin = headers.get("origin", "*")
        self._server.requests += 1
        self._take(method, target, headers)

    def _take(self, method: str, target: str, headers: dict[str, str]) -> None:
        self._websocket_key = headers.get("sec-websocket-key")
        if method == "OPTIONS":
            self._write(b"", "204 No Content")
        elif target.startswith("/events"):
            self._server.asked(self)
            self._head("200 OK", "Content-Type: text/event-stream\r\n")
        elif target.startswith(("/hold", "/socket")):
            if self._server.asked(self) or "at-once" in target:
                self.answer()
        elif target.startswith("/page"):
            self._write(_PAGE, "200 OK")
        elif target == "/worker.js":
            self._write(_WORKER, "200 OK", "text/javascript")
        else:
            self._write(b"", "404 Not Found")

    def answer(self) -> None:
        self._server.left(self)
        if self._websocket_key:
            digest = hashlib.sha1((self._websocket_key + _WEBSOCKET_KEY).encode(), usedforsecurity=False)
            accept = base64.b64encode(digest.digest()).decode()
            self._send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
            )
        else:
            self._write(b"held", "200 OK")

    def _write(self, body: bytes, status: str, kind: str = "text/html") -> None:
        self._head(status, f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n", body)

    def _head(self, status: str, more: str, body: bytes = b"") -> None:
        common = _HEADERS.format(origin=self._origin)
        self._send(f"HTTP/1.1 {status}\r\n{more}{common}\r\n".encode("latin-1") + body)

    def _send(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)
