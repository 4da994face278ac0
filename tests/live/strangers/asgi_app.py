"""An ASGI application of a few lines: it awaits, or blocks the event loop as beginners do."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    seconds = float(parse_qs(scope["query_string"].decode()).get("s", ["0.3"])[0])
    if scope["path"] == "/blocking":
        time.sleep(seconds)  # noqa: ASYNC251 - this is what it is for
    elif scope["path"] == "/cpu":
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            sum(range(1000))
    else:
        await asyncio.sleep(seconds)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"ok\n"})
