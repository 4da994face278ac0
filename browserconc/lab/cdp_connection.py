"""A browser-level CDP session of a browser that somebody else started.

Playwright's `connect_over_cdp` attaches to every page and makes it believe that it has the focus
(Emulation.setFocusEmulationEnabled), which changes what is watched. Here nothing is sent but what the
caller asks for. Source: https://chromedevtools.github.io/devtools-protocol/ ("HTTP endpoints").
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

CONNECT_TIMEOUT_S = 5.0
_LONGEST_ANSWER_BYTES = 1 << 20


class UnreachableError(Exception):
    """No browser answers at that address: one sentence, what failed and what to do."""


class ProtocolError(Exception):
    """The browser refused a command, or is gone."""


class Connection:
    """Sends commands and hands on events; `evidence/nettrace.py` calls such a thing a Session."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listeners: dict[tuple[str | None, str], list[Callable[..., Any]]] = defaultdict(list)
        self.closed = asyncio.Event()

    async def send(
        self, method: str, params: dict[str, Any] | None = None, *, session: str | None = None
    ) -> Any:
        """Sends a command and returns its result; the caller bounds the time.

        `session` is the sessionId of a target that was attached to with `flatten`; None is the browser.

        Raises:
            ProtocolError: the browser refused, or is gone.
        """
        self._number += 1
        number = self._number
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            if self.closed.is_set():
                raise ProtocolError("the browser is gone")
            command = {"id": number, "method": method, "params": params or {}}
            if session is not None:
                command["sessionId"] = session
            await self._socket.send(msgspec.json.encode(command).decode())
            said = await answer
        except WebSocketException as problem:
            raise ProtocolError("the browser is gone") from problem
        finally:
            del self._answers[number]
        if "error" in said:
            raise ProtocolError(str(said["error"].get("message", "no reason given")))
        return said.get("result", {})

    def on(self, event: str, f: Callable[..., Any], *, session: str | None = None) -> None:
        """Calls `f` with the parameters of each such event of that session."""
        self._listeners[session, event].append(f)

    def forget(self, session: str) -> None:
        """A session has ended: nobody listens to it any more."""
        for key in [key for key in self._listeners if key[0] == session]:
            del self._listeners[key]

    async def listen(self) -> None:
        """Takes what the browser says until it is gone."""
        try:
            async for text in self._socket:
                said = msgspec.json.decode(text, type=dict[str, Any])
                if (answer := self._answers.get(said.get("id", -1))) and not answer.done():
                    answer.set_result(said)
                for listener in self._listeners.get((said.get("sessionId"), said.get("method", "")), ()):
                    listener(said.get("params", {}))
        except (WebSocketException, msgspec.DecodeError):
            pass
        finally:
            self.closed.set()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ProtocolError("the browser is gone"))


@dataclass(frozen=True, slots=True)
class TargetSession:
    """The session of one target, such as a page, over the browser's connection."""

    connection: Connection
    id: str

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """As `Connection.send`."""
        return await self.connection.send(method, params, session=self.id)

    def on(self, event: str, f: Callable[..., Any]) -> None:
        """As `Connection.on`."""
        self.connection.on(event, f, session=self.id)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Connection]:
    """A session with the browser whose debugging port is at `address` (http:// or ws://); closed afterwards.

    Raises:
        UnreachableError: nothing answers there, or something that is no browser.
    """
    target = address if address.startswith(("ws://", "wss://")) else await asyncio.to_thread(_found, address)
    try:
        socket = await connect(
            target,
            open_timeout=CONNECT_TIMEOUT_S,
            close_timeout=1,
            ping_interval=None,
            max_size=None,
            compression=None,
            proxy=None,
        )
    except (OSError, TimeoutError, ValueError, WebSocketException) as problem:
        raise UnreachableError(_nobody(address, problem)) from problem
    connection = Connection(socket)
    listening = asyncio.create_task(connection.listen())
    try:
        yield connection
    finally:
        with suppress(OSError, WebSocketException):
            await socket.close()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


def _found(address: str) -> str:
    """The WebSocket address of the browser itself, not of one of its pages."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in ("http", "https"):
        raise UnreachableError(f"{address} is no address of a debugging port; give http://HOST:PORT.")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    where = f"{parts.scheme}://{parts.netloc}/json/version"
    try:
        with direct.open(where, timeout=CONNECT_TIMEOUT_S) as answer:
            told = json.loads(answer.read(_LONGEST_ANSWER_BYTES))
        return str(told["webSocketDebuggerUrl"])
    except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError) as problem:
        raise UnreachableError(_nobody(address, problem)) from problem
    except Exception as problem:  # http.client's errors: whatever answers there speaks no HTTP
        raise UnreachableError(_nobody(address, problem)) from problem


def _nobody(address: str, problem: BaseException) -> str:
    reason = getattr(problem, "reason", problem)
    why = str(getattr(reason, "strerror", None) or reason or type(problem).__name__).splitlines()[0][:120]
    return (
        f"No browser answers at {address} ({why}); start it with --remote-debugging-port=9222 and a "
        "--user-data-dir of its own."
    )
