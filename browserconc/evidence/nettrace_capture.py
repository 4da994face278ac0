"""Captures NetLog events from a running browser through CDP Tracing; `nettrace.py` reads what is written.

The browser needs no NetLog flag for it, so one that somebody else started can be observed too.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from browserconc.evidence import perfetto, protobuf, secrets
from browserconc.evidence.nettrace import CATEGORY

_BUFFER_KB = 200_000  # about 20,000 requests of 9.5 kB
_REPLY_S = 15.0
_FLUSH_S = 30.0  # Tracing.end was seen to take 5 s on an idle browser
_CHUNK_BYTES = 1 << 20


class CaptureError(Exception):
    """The browser did not start tracing, or did not hand over its trace."""


class Session(Protocol):
    """A browser-level CDP session, such as Playwright's `browser.new_browser_cdp_session()`."""

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Sends a command and returns its result."""

    def on(self, event: str, f: Callable[..., Any]) -> Any:
        """Calls `f` with the parameters of each such event."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A trace on disk. `lossy` says that the browser's buffer was full and events are missing."""

    path: Path
    lossy: bool


async def start(session: Session) -> None:
    """Starts recording NetLog events; the browser stops by itself when the session is closed.

    Raises:
        CaptureError: the browser refused, most often because something else is tracing it.
    """
    config = {
        "recordMode": "recordUntilFull",
        "traceBufferSizeInKb": _BUFFER_KB,
        "includedCategories": [CATEGORY],
        "excludedCategories": ["*"],
    }
    how = {"transferMode": "ReturnAsStream", "streamFormat": "proto", "traceConfig": config}
    await _send(session, "Tracing.start", how)


async def stop(session: Session, into: Path, secret_headers: Collection[str] = ()) -> Capture:
    """Ends the recording and writes it to `into`, without secrets and without facts about the machine.

    `secret_headers` names headers that are secrets although their names do not say so.

    Raises:
        CaptureError: the browser did not hand the trace over in time, or `into` cannot be written.
    """
    complete: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def completed(outcome: dict[str, Any]) -> None:
        if not complete.done():
            complete.set_result(outcome)

    session.on("Tracing.tracingComplete", completed)
    await _send(session, "Tracing.end", {})
    try:
        outcome = await asyncio.wait_for(complete, _FLUSH_S)
    except TimeoutError:
        raise CaptureError(
            f"The browser did not finish its trace within {_FLUSH_S:.0f} s; repeat without the trace."
        ) from None
    handle = outcome.get("stream")
    if handle is None:
        raise CaptureError("The browser recorded no trace; repeat without it.")
    try:
        with into.open("wb") as file:
            await _copy(session, handle, file, secret_headers)
    except OSError as problem:
        raise CaptureError(f"{into} cannot be written ({problem.strerror}).") from problem
    except protobuf.WireError as problem:
        raise CaptureError(f"The browser handed over something else than a trace ({problem}).") from problem
    finally:
        await _send(session, "IO.close", {"handle": handle})
    return Capture(into, bool(outcome.get("dataLossOccurred")))


async def _copy(session: Session, handle: str, file: BinaryIO, secret_headers: Collection[str]) -> None:
    rest = b""
    more = True
    while more:
        chunk = await _send(session, "IO.read", {"handle": handle, "size": _CHUNK_BYTES})
        data = chunk["data"]
        rest += base64.b64decode(data) if chunk.get("base64Encoded") else data.encode()
        packets, rest = protobuf.split(rest, perfetto.PACKET)
        for packet in packets:
            kept = secrets.blank(perfetto.essence(packet), secret_headers)
            file.write(protobuf.field(perfetto.PACKET, kept))
        more = not chunk["eof"]


async def _send(session: Session, method: str, params: dict[str, Any]) -> Any:
    try:
        return await asyncio.wait_for(session.send(method, params), _REPLY_S)
    except TimeoutError:
        raise CaptureError(f"The browser did not answer {method} within {_REPLY_S:.0f} s.") from None
    except Exception as problem:
        # The driver's own class of error is unknown here: only lab/browser imports Playwright.
        raise CaptureError(f"The browser refused {method} ({str(problem).splitlines()[0]}).") from problem
