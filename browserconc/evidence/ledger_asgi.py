"""The ledger around an ASGI application: a start and an end for each HTTP request and WebSocket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from browserconc.evidence.ledger import Ledger

SWITCHING_PROTOCOLS = 101
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Message, Receive, Send], Awaitable[None]]


def around_asgi(ledger: Ledger, application: AsgiApplication) -> AsgiApplication:
    """The same application, observed; what is neither a request nor a WebSocket (lifespan) passes through."""

    async def observed(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            await _visit(ledger, application, scope, receive, send)
        else:
            await application(scope, receive, send)

    return observed


async def _visit(
    ledger: Ledger, application: AsgiApplication, scope: Message, receive: Receive, send: Send
) -> None:
    """One request; its end is its last byte handed over, for background tasks may follow."""
    key = ledger.started(
        port=(scope.get("client") or ("", 0))[1] or 0,
        host=_host(scope),
        method=scope.get("method", "GET"),  # of a WebSocket's handshake it is not said
        path=_path(scope),
    )
    status: int | None = None
    ended = False

    def end(problem: BaseException | None) -> None:
        nonlocal ended
        if not ended:
            ended = True
            ledger.ended(key, status, problem)

    async def noting(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "websocket.accept":
            status = SWITCHING_PROTOCOLS
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            end(None)

    try:
        await application(scope, receive, noting)
    except BaseException as problem:
        end(problem)
        raise
    end(None)


def _host(scope: Message) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


def _path(scope: Message) -> str:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else scope["path"]
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else str(path)
