"""A server that does next to nothing per request: `python benchmarks/minimal_server.py SECONDS`.

Says its port on stdout, then answers each request after that pause until stdin ends. It knows just
enough HTTP for our own client, whose small request comes in one piece.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys

from browserconc.lab.open_files import raise_limit

MOST_CLIENTS = 10_000
BACKLOG = 16_384
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


class Pausing(asyncio.Protocol):
    """One connection."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A request is there."""
        asyncio.get_running_loop().call_later(self._pause_s, self._transport.write, ANSWER)


async def main(pause_s: float) -> None:
    """Serves until stdin ends."""
    raise_limit(MOST_CLIENTS)
    gc.disable()
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        loop = asyncio.get_running_loop()
        async with await loop.create_server(lambda: Pausing(pause_s), sock=listener, backlog=BACKLOG):
            print(listener.getsockname()[1], flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
