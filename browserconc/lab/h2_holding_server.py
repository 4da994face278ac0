"""The server that holds requests, over HTTP/2: how many streams a browser opens on one connection."""

from __future__ import annotations

import asyncio
import socket
import ssl
from types import TracebackType
from typing import Any, Self

from browserconc.lab.certificate import Certificate
from browserconc.lab.holding_server import LOOPBACK, QUIET_S, settled

PACKAGES = ("h2",)


class H2HoldingServer:
    """Use as an asynchronous context manager. `/page` is answered at once, everything else never.

    `streams` is its SETTINGS_MAX_CONCURRENT_STREAMS, None to send none.
    """

    def __init__(self, certificate: Certificate, streams: int | None) -> None:
        self.held = 0
        self.connections = 0
        self.streams = streams
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate.chain_file, certificate.key_file)
        self._tls.set_alpn_protocols(["h2"])
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.BaseTransport] = set()

    async def __aenter__(self) -> Self:
        listener = socket.create_server((LOOPBACK, 0))
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=listener, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server
        self._server.close()
        for transport in list(self._open):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        await asyncio.sleep(0)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        assert self._server
        return f"https://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}"

    async def settled(self, expected: int, timeout_s: float) -> int:
        """Waits until `expected` streams are held, or no more are opened for a while; how many there are."""
        return await settled(lambda: self.held, expected, timeout_s, 2 * QUIET_S)

    def opened(self, transport: asyncio.BaseTransport) -> None:
        """A browser connects."""
        self.connections += 1
        self._open.add(transport)

    def closed(self, transport: asyncio.BaseTransport) -> None:
        """A connection is closed."""
        self._open.discard(transport)


class _Connection(asyncio.Protocol):
    def __init__(self, server: H2HoldingServer) -> None:
        from h2.config import H2Configuration  # noqa: PLC0415 - an extra
        from h2.connection import H2Connection  # noqa: PLC0415 - an extra

        self._server = server
        self._http: Any = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        from h2.settings import SettingCodes  # noqa: PLC0415 - an extra

        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._server.opened(transport)
        code = SettingCodes.MAX_CONCURRENT_STREAMS
        if self._server.streams is None:
            del self._http.local_settings[code]
        self._http.initiate_connection()
        if self._server.streams is not None:
            self._http.update_settings({code: self._server.streams})
        transport.write(self._http.data_to_send())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport:
            self._server.closed(self._transport)

    def data_received(self, data: bytes) -> None:
        from h2.events import RequestReceived  # noqa: PLC0415 - an extra
        from h2.exceptions import ProtocolError  # noqa: PLC0415 - an extra

        assert self._transport
        try:
            for event in self._http.receive_data(data):
                if isinstance(event, RequestReceived):
                    self._take(event.stream_id, {str(name): str(value) for name, value in event.headers})
        except ProtocolError:
            self._transport.abort()
            return
        self._transport.write(self._http.data_to_send())

    def _take(self, stream: int, headers: dict[str, str]) -> None:
        if not headers.get(":path", "").startswith("/page"):
            self._server.held += 1
            return
        self._http.send_headers(stream, [(":status", "200"), ("content-type", "text/html")])
        self._http.send_data(stream, b"<!doctype html><link rel=icon href=data:,><title>page</title>", True)
