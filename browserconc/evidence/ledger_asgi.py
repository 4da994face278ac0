"""The ledger around an ASGI application: a start and an end for each HTTP request and WebSocket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from browserconc.evidence.ledger import Ledger

SWITCHING_PROTOCOLS = 101
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]


def around_asgi(ledger: Ledger, application: AsgiApplication) -> AsgiApplication:
    """The same application, observed; what is neither a request nor a WebSocket (lifespan) passes through."""

    async def observed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await application(scope, receive, send)
            return
        key, status = _entered(ledger, scope), None
        problem: BaseException | None = None

        async def noted(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = SWITCHING_PROTOCOLS
            await send(message)

        try:
            await application(scope, receive, noted)
        except BaseException as error:
            problem = error
            raise
        finally:
            ledger.ended(key, status, problem)

    return observed


def _entered(ledger: Ledger, scope: Scope) -> str:
    path = (scope.get("raw_path") or scope["path"].encode()).split(b"?", 1)[0]
    if scope["query_string"]:
        path += b"?" + scope["query_string"]
    client = scope.get("client")
    return ledger.started(
        port=client[1] if client else 0,
        host=dict(scope["headers"]).get(b"host", b"").decode("latin-1"),
        method=scope.get("method", "GET"),  # of a WebSocket's handshake it is not said
        path=path.decode("latin-1"),
    )
