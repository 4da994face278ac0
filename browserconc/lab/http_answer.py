"""One HTTP/1 answer, learned from the bytes of one connection; no I/O, no clock.

h11 knows the protocol (keep-alive, chunked, close-delimited, 1xx). This file turns its events into
the few facts a measurement needs and its objections into short phrases. It must not repeat a byte
of what the server sent: h11's own messages quote header lines, which may hold cookies.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

import h11

from browserconc.lab.http_request import Request

START = b"HTTP/1."
"""What every answer starts with (RFC 9112, section 4)."""

SWITCHING_PROTOCOLS = 101
MOST_EVENT = 65_536
"""So much of an event stream is kept while its first event is looked for."""
CLOSED_EARLY = "the server closed the connection without an answer"
CLOSED_INSIDE = "the server closed the connection in the middle of the answer"
INVALID = "the answer is not valid HTTP"
SWITCHED = "the server switched to another protocol"
REFUSED = "the server refused the WebSocket"
NO_EVENT = "the stream ended without an event"

Until = Literal["answer", "headers", "event", "switch"]
"""What a client waits for: the whole answer, its headers, the first event of a stream, another protocol
(status 101)."""
EVENT_END = b"\n\n"
COMMENT = b":"
"""Lines of an event stream that begin with it are no event."""


TOLD = {"age", "cache-status", "cf-cache-status", "retry-after", "server", "via", "x-cache", "x-cache-status"}
"""Headers that say how an answer came about and never who asked."""
LONGEST_VALUE = 80
REMOVES = {"max-age=0", "expires=thu, 01 jan 1970 00:00:00 gmt"}

Jar = tuple[tuple[str, str], ...]
"""Cookies that one request sends, names and values."""


class Answer:
    """What is known so far of the answer to `request`.

    `status` is the final status (1xx are passed over) and `headers` are its headers, names in lower
    case; `size` counts all bytes read, `finished` is true when the answer is whole, `error` says in a
    phrase why it never will be. The body goes to `digest`, where one is given.
    """

    __slots__ = (
        "_connection",
        "_digest",
        "_start",
        "_stream",
        "_until",
        "error",
        "finished",
        "headers",
        "size",
        "status",
    )

    def __init__(self, request: Request, digest: blake2b | None = None, until: Until = "answer") -> None:
        self._connection = h11.Connection(h11.CLIENT)
        self._connection.send(request.head)
        if request.body:
            self._connection.send(h11.Data(data=request.body))
        self._connection.send(h11.EndOfMessage())
        self._start = b""
        self._digest = digest
        self._until = until
        self._stream = b""
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.size = 0
        self.finished = False
        self.error: str | None = None

    def told(self) -> dict[str, str]:
        """The headers of TOLD, as printable ASCII and not longer than they need be."""
        found = {}
        for name, value in self.headers:
            key = name.decode("ascii", "replace")
            if key in TOLD:
                text = value.decode("ascii", "replace")[:LONGEST_VALUE]
                found[key] = "".join(sign if sign.isprintable() else "?" for sign in text)
        return found

    def cookies(self) -> Jar:
        """The cookies that it sets, to be sent again and told to nobody; one that it removes is left out."""
        jar: dict[str, str] = {}
        for name, value in self.headers:
            if name != b"set-cookie":
                continue
            pair, *attributes = value.decode("latin-1").split(";")
            key, _, content = pair.partition("=")
            removed = any(each.strip().lower() in REMOVES for each in attributes)
            if key.strip() and content.strip() and not removed:
                jar[key.strip()] = content.strip()
        return tuple(jar.items())

    @property
    def over(self) -> bool:
        """Whether further bytes could change nothing."""
        return self.finished or self.error is not None

    def feed(self, data: bytes) -> None:
        """Takes the next bytes from the connection; `b""` says that the server closed it."""
        if self.over:
            return
        self._start += data[: len(START) - len(self._start)]
        self.size += len(data)
        if not START.startswith(self._start):
            self.error = INVALID  # h11 would wait for the end of a head that is none
            return
        try:
            self._connection.receive_data(data)
            while not self.over:
                event = self._connection.next_event()
                if event is h11.NEED_DATA:
                    return
                self._learn(event)
        except h11.RemoteProtocolError:
            if data:
                self.error = INVALID
            else:
                self.error = CLOSED_INSIDE if self.size else CLOSED_EARLY

    def _learn(self, event: object) -> None:
        if isinstance(event, h11.Response):
            self.status = event.status_code
            self.headers = list(event.headers)
            if self._until == "switch":
                self.error = REFUSED
            self.finished = self._until == "headers"
        elif isinstance(event, h11.InformationalResponse):
            if event.status_code == SWITCHING_PROTOCOLS and self._until == "switch":
                self.status, self.finished = event.status_code, True
        elif isinstance(event, h11.Data):
            if self._until == "event":
                self._stream = self._stream[-MOST_EVENT:] + event.data
                *events, _ = self._stream.split(EVENT_END)
                self.finished = any(not part.startswith(COMMENT) for part in events)
            if self._digest:
                self._digest.update(event.data)
        elif isinstance(event, h11.EndOfMessage):
            self.finished = self._until == "answer"
            self.error = None if self.finished else NO_EVENT
        elif isinstance(event, h11.ConnectionClosed):
            self.error = CLOSED_INSIDE if self.size else CLOSED_EARLY
        elif event is h11.PAUSED:
            self.error = SWITCHED
