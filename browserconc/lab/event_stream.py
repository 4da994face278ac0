"""Server-Sent Events that never end: an event after a while, then comments until the client is gone.

A server notices that a client is gone only when it writes, hence the comments.
Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store"}
OPENING = b": open\n\n"
EVENT = b"data: ok\n\n"
COMMENT = b":\n\n"
PERIOD_S = 0.5
LONGEST_S = 600.0


def events(delay_s: float) -> Iterator[bytes]:
    """What is sent at once, so that the headers go; the event after `delay_s`; comments for ten minutes."""
    yield OPENING
    time.sleep(delay_s)
    yield EVENT
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        time.sleep(PERIOD_S)
        yield COMMENT


async def events_async(delay_s: float) -> AsyncIterator[bytes]:
    """The same in a coroutine."""
    yield OPENING
    await asyncio.sleep(delay_s)
    yield EVENT
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        await asyncio.sleep(PERIOD_S)
        yield COMMENT
