"""Servers of a few lines on loopback, in a thread: each does one thing that a client must survive."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def serving(handler: Handler, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serves each connection with `handler`, over TLS if told so, until the block ends; gives the port."""
    started: list[int] = []
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def main() -> None:
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await handler(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(connected, host, 0, backlog=4096, ssl=tls)
        started.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()
        for task in tuple(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tuple(tasks), timeout=5)

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield started[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def answering(answer: bytes, *, delay_s: float = 0.0, then_close: bool = False) -> Handler:
    """Reads a request, waits, answers; keeps the connection open unless told otherwise."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(delay_s)
        writer.write(answer)
        await writer.drain()
        if not then_close:
            await reader.read()

    return handle


async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads until the client gives up."""
    await reader.read()


async def closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes without reading."""


async def answers_in_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A chunked answer in four pieces with pauses between them."""
    await reader.readuntil(b"\r\n\r\n")
    for piece in (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n",
        b"\r\n3\r\nab",
        b"c\r\n0\r",
        b"\n\r\n",
    ):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.05)
    await reader.read()


def refused_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def forwarding(asked: list[str]) -> Handler:
    """A proxy for plain http: notes the address of each request, hands it on and closes after the answer."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request, _, headers = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        method, url, version = request.decode().split(" ")
        asked.append(url)
        parts = urlsplit(url)
        kept = [line for line in headers.split(b"\r\n") if line and b"connection:" not in line.lower()]
        origin, onward = await asyncio.open_connection(parts.hostname, parts.port or 80)
        try:
            target = url.partition(parts.netloc)[2] or "/"
            onward.write(f"{method} {target} {version}\r\nConnection: close\r\n".encode())
            onward.write(b"\r\n".join(kept) + b"\r\n\r\n")
            while piece := await origin.read(65_536):
                writer.write(piece)
                await writer.drain()
        finally:
            onward.close()

    return handle
