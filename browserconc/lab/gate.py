"""The gate: every tab's navigation waits in it, and all are let go in one tight loop.

Ten navigations that are *started* together reach the wire 50 to 100 ms apart, because each
costs the browser 5 to 7 ms before it sends a byte. So each tab first navigates to the gate, a
loopback server on the same site as the target but on a port of its own for every tab (no
limit per host applies there). When all are inside, each is answered `302 Found` with the
target's URL: following a redirect costs the browser a fraction of starting a navigation.
The target's server sees ordinary navigations: nothing is added to the request.
Measured: `benchmarks/start_spread.py`.
"""

from __future__ import annotations

import asyncio
import socket
import time
from functools import partial
from types import TracebackType

from browserconc.lab.open_files import raise_limit

LOOPBACK = "127.0.0.1"
_FILES_PER_TAB = 3
"""The listening socket, the tab's connection, and the idle one that a browser may open beside it."""


class Gate:
    """One listening port per tab; use as an asynchronous context manager.

    Raises:
        TooFewFilesError: the limit on open files is too low for so many tabs.
    """

    def __init__(self, tabs: int, first: int = 0) -> None:
        self._tabs = tabs
        self._first = first  # gates on several hosts may have equal ports: the number tells them apart
        self._servers: list[asyncio.Server] = []
        self._waiting: dict[int, asyncio.WriteTransport] = {}
        self._open: set[asyncio.WriteTransport] = set()
        self._arrived = asyncio.Event()

    async def __aenter__(self) -> Gate:
        loop = asyncio.get_running_loop()
        raise_limit(_FILES_PER_TAB * self._tabs)
        try:
            for index in range(self._tabs):
                listener = socket.create_server((LOOPBACK, 0), backlog=16)
                self._servers.append(await loop.create_server(partial(_Visitor, self, index), sock=listener))
        except BaseException:
            self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes every port and drops whoever is still connected."""
        for server in self._servers:
            server.close()
        for transport in list(self._open):  # those too that a browser opened on speculation
            transport.abort()
        self._waiting.clear()

    def url(self, index: int, host: str = LOOPBACK) -> str:
        """Where tab `index` waits, on the target's `host` if that is this machine's IPv4 loopback.

        Of any other target the gate is another site, which costs the browser a new renderer per tab.
        """
        if host != "localhost" and not host.endswith(".localhost"):
            host = LOOPBACK
        port = self._servers[index].sockets[0].getsockname()[1]
        return f"http://{host}:{port}/tab-{self._first + index}"

    async def full(self, tabs: int, timeout_s: float) -> set[int]:
        """Waits until `tabs` of them are inside or the time is over; returns who is."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self._waiting) < tabs:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            pass
        return set(self._waiting)

    def release(self, targets: dict[int, str]) -> dict[int, int]:
        """Lets everyone go to their target; returns each one's instant (ns, monotonic)."""
        answers = [
            (index, transport, _redirect(targets[index]))
            for index, transport in sorted(self._waiting.items())
            if index in targets
        ]
        released: dict[int, int] = {}
        for index, transport, answer in answers:
            released[index] = time.monotonic_ns()
            transport.write(answer)
        for index, transport, _ in answers:
            transport.close()
            del self._waiting[index]
        return released

    def opened(self, transport: asyncio.WriteTransport) -> None:
        """A browser connects."""
        self._open.add(transport)

    def arrived(self, index: int, transport: asyncio.WriteTransport) -> None:
        """A tab's navigation is inside."""
        self._waiting[index] = transport
        self._arrived.set()

    def left(self, index: int, transport: asyncio.WriteTransport) -> None:
        """A tab's connection is gone, released or not."""
        self._open.discard(transport)
        if self._waiting.get(index) is transport:
            del self._waiting[index]


class _Visitor(asyncio.Protocol):
    def __init__(self, gate: Gate, index: int) -> None:
        self._gate = gate
        self._index = index
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._gate.opened(transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" not in self._head:
            return
        if self._head.startswith(b"GET /tab-"):
            self._gate.arrived(self._index, self._transport)
        else:  # a favicon, say
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._transport.close()
        self._head = b""

    def connection_lost(self, exc: Exception | None) -> None:
        self._gate.left(self._index, self._transport)


def _redirect(target: str) -> bytes:
    return (
        f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nCache-Control: no-store\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n"
    ).encode("ascii")
