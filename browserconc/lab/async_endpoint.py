"""The slow endpoint for asynchronous servers: the same addresses, pages and rules as `endpoint.py`.

It is plain ASGI without a framework; Sanic, which has handlers of its own, calls `respond` too.
What the Flask endpoint does in a thread is done in a coroutine here, so `/slow` sleeps without
holding anybody back. `/slow?blocking=1` makes the beginner's mistake, time.sleep in a coroutine,
and `/cpu` computes in one: both stop the event loop and every other request with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from browserconc.evidence.ledger_asgi import AsgiApplication, Message, Receive, Send
from browserconc.lab import crawled_page, event_stream, query, status_page
from browserconc.lab.query import Page, Query, QueryError

_TEXT = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; `size` is the length of the whole body in bytes, None where nobody knows it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    size: int | None
    body: AsyncIterator[bytes]


class Endpoint:
    """One process's endpoint: it remembers who waits at the barrier and nothing else.

    `ledger` is what its status page reads.
    """

    def __init__(self, ledger: Path | None = None) -> None:
        self._ledger = ledger
        self._changed = asyncio.Condition()
        self._waiting: dict[int, int] = {}
        self._groups: dict[int, int] = {}

    async def respond(self, path: str, query_string: str) -> Answer:
        """Does the work that the address asks for and gives the answer."""
        asked = dict(reversed(parse_qsl(query_string, keep_blank_values=True)))  # the first counts
        try:
            if crawled := crawled_page.answer(path, asked):
                kind, body, delay = crawled
                await asyncio.sleep(delay)
                return Answer(200, (("content-type", kind),), len(body), _whole(body))
            return await self._work(path, asked)
        except QueryError as problem:
            return _sentence(400, str(problem))

    async def _work(self, path: str, asked: Query) -> Answer:
        page = query.page(asked)
        match path:
            case "/slow":
                delay = query.number(asked, "delay", 0.5)
                if asked.get("blocking"):
                    time.sleep(delay)  # noqa: ASYNC251 - the mistake that this address is for
                else:
                    await asyncio.sleep(delay)
            case "/cpu":
                query.burn(query.number(asked, "seconds", 0.1))
            case "/stream":
                delay = query.number(asked, "delay", 1.0)
                chunks = query.count(asked, "chunks", 10, 1, query.MOST_CHUNKS)
                return _answer(page, _spread(page.body(), chunks, delay / chunks))
            case "/barrier":
                k = query.count(asked, "k", 2, 1, query.MOST_TOGETHER)
                timeout = query.number(asked, "timeout", 10.0)
                if not await self._meet(k, timeout):
                    return _sentence(
                        503, f"Fewer than {k} requests were inside together within {timeout:g} s."
                    )
            case "/ready":
                pass
            case _:
                return await self._other(path, asked)
        return _answer(page, _whole(page.body()))

    async def _other(self, path: str, asked: Query) -> Answer:
        """The addresses whose answer is not the page."""
        match path:
            case "/events":
                delay = query.number(asked, "delay", 0.5)
                headers = (("content-type", event_stream.TYPE), *event_stream.HEADERS.items())
                return Answer(200, headers, None, event_stream.events_async(delay))
            case "/":
                body = status_page.page(self._ledger)
                return Answer(200, (("content-type", _HTML),), len(body), _whole(body))
            case "/favicon.ico":
                return Answer(204, (), 0, _whole(b""))
            case _:
                return _sentence(404, "There is no such address here.")

    async def _meet(self, k: int, timeout_s: float) -> bool:
        """As `endpoint.Barrier`: goes on in groups of k; False when they are not there in time."""
        async with self._changed:
            mine = self._groups.get(k, 0)
            self._waiting[k] = self._waiting.get(k, 0) + 1
            if self._waiting[k] == k:
                self._waiting[k] = 0
                self._groups[k] = mine + 1
                self._changed.notify_all()
                return True
            try:
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait_for(lambda: self._groups.get(k, 0) != mine)
            except TimeoutError:
                self._waiting[k] -= 1
                return False
            return True


def create_app(ledger: Path | None = None) -> AsgiApplication:
    """The ASGI application; `ledger` is what its status page reads."""
    endpoint = Endpoint(ledger)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] == "websocket":
            await _handshake(scope, receive, send)
            return
        answer = await endpoint.respond(scope["path"], scope["query_string"].decode("latin-1"))
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        if answer.size is not None:
            headers.append((b"content-length", str(answer.size).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for piece in answer.body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


async def _live(receive: Receive, send: Send) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


async def _handshake(scope: Message, receive: Receive, send: Send) -> None:
    """As `/websocket` of `endpoint.py`; closed before it is opened, which is status 403, anywhere else."""
    await receive()
    try:
        asked = dict(reversed(parse_qsl(scope["query_string"].decode("latin-1"))))
        delay, hold = query.number(asked, "delay", 0.5), query.number(asked, "hold", 0.0)
    except QueryError:
        scope["path"] = ""
    if scope["path"] == "/websocket":
        await asyncio.sleep(delay)
        await send({"type": "websocket.accept"})
        with suppress(TimeoutError):
            await asyncio.wait_for(receive(), hold)
            return  # the client closed it
    await send({"type": "websocket.close"})


def _answer(page: Page, body: AsyncIterator[bytes]) -> Answer:
    control = (("cache-control", page.control),) if page.control is not None else ()
    kind = page.media_type if page.is_image else _HTML
    return Answer(200, (("content-type", kind), *control), page.size, body)


def _sentence(status: int, text: str) -> Answer:
    body = f"{text}\n".encode()
    return Answer(status, (("content-type", _TEXT),), len(body), _whole(body))


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _spread(body: bytes, chunks: int, pause_s: float) -> AsyncIterator[bytes]:
    first, *others = query.pieces(body, chunks)
    yield first
    for piece in others:
        await asyncio.sleep(pause_s)
        yield piece
