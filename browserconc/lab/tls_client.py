"""Many requests at once over TLS, HTTP/1.1: connects all, then sends all.

The raw-socket client (`raw_client.py`) speaks no TLS, for handshakes would take more of its time
than the requests. This one runs in our process and is good enough to count how many a server takes
at once; it takes no instants.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def get_all(urls: Sequence[str], authority: ssl.SSLContext, timeout_s: float) -> int:
    """Sends one GET per URL on a connection of its own; how many were answered with status 200.

    Connecting may take `timeout_s`, and so may the answers. What fails is not counted.
    """
    opened = await asyncio.gather(*(_open(url, authority, timeout_s) for url in urls), return_exceptions=True)
    streams = [each for each in opened if not isinstance(each, BaseException)]
    try:
        pairs = [
            _get(url, each, timeout_s)
            for url, each in zip(urls, opened, strict=True)
            if not isinstance(each, BaseException)
        ]
        return sum(await asyncio.gather(*pairs))
    finally:
        for _, writer in streams:
            writer.transport.abort()


async def _open(url: str, authority: ssl.SSLContext, timeout_s: float) -> Streams:
    parts = urlsplit(url)
    async with asyncio.timeout(timeout_s):
        return await asyncio.open_connection(parts.hostname, parts.port, ssl=authority)


async def _get(url: str, streams: Streams, timeout_s: float) -> bool:
    reader, writer = streams
    parts = urlsplit(url)
    writer.write(
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    try:
        async with asyncio.timeout(timeout_s):
            answer = await reader.read()
    except (OSError, TimeoutError):
        return False
    return answer.startswith(b"HTTP/1.1 200")
