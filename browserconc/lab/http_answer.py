"""One HTTP/1 answer, learned from the bytes of one connection; no I/O, no clock.

h11 knows the protocol (keep-alive, chunked, close-delimited, 1xx). This file turns its events into
the few facts a measurement needs and its objections into short phrases. It must not repeat a byte
of what the server sent: h11's own messages quote header lines, which may hold cookies.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

import h11

SAFE_IN_TARGET = "%/:=&?~+!$,;'@()*[]"
"""Everything RFC 3986 allows in a path or query; what is already escaped stays so."""

START = b"HTTP/1."
"""What every answer starts with (RFC 9112, section 4)."""

CLOSED_EARLY = "the server closed the connection without an answer"
CLOSED_INSIDE = "the server closed the connection in the middle of the answer"
INVALID = "the answer is not valid HTTP"
SWITCHED = "the server switched to another protocol"


class RequestError(ValueError):
    """A URL or header that cannot be made into a request; the message is one sentence."""


def get_request(url: str, headers: Iterable[tuple[str, str]] = ()) -> h11.Request:
    """The GET request for `url`; `headers` replace the standard ones of the same name.

    Raises:
        RequestError: not an http:// URL with a host, or a header that HTTP does not allow.
    """
    origin(url)
    parts = urlsplit(url)
    target = quote(parts.path or "/", SAFE_IN_TARGET)
    if parts.query:
        target += "?" + quote(parts.query, SAFE_IN_TARGET)
    fields = {"host": ("Host", parts.netloc), "user-agent": ("User-Agent", "browserconc")}
    fields["accept"] = ("Accept", "*/*")
    given = list(headers)
    for name, _ in given:
        fields.pop(name.lower(), None)
    try:
        return h11.Request(method="GET", target=target, headers=[*fields.values(), *given])
    except (h11.LocalProtocolError, UnicodeEncodeError):
        names = ", ".join(repr(name) for name, _ in given) or "none were given"
        raise RequestError(f"HTTP does not allow this URL or one of the headers ({names}).") from None


def origin(url: str) -> tuple[str, int]:
    """The host and port that `url` names.

    Raises:
        RequestError: not an http:// URL with a host and a possible port.
    """
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise RequestError("Leave the user name and password out of the URL; give an Authorization header.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme != "http":
        raise RequestError(f"The raw-socket client needs http:// URLs with a host, not {url!r}.")
    return host, 80 if port is None else port


def request_bytes(request: h11.Request) -> bytes:
    """The request as it goes over the wire."""
    connection = h11.Connection(h11.CLIENT)
    return (connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b"")


class Answer:
    """What is known so far of the answer to `request`.

    `status` is the final status (1xx are passed over), `size` counts all bytes read, `finished`
    is true when the answer is whole, `error` says in a phrase why it never will be.
    """

    __slots__ = ("_connection", "_start", "error", "finished", "size", "status")

    def __init__(self, request: h11.Request) -> None:
        self._connection = h11.Connection(h11.CLIENT)
        self._connection.send(request)
        self._connection.send(h11.EndOfMessage())
        self._start = b""
        self.status: int | None = None
        self.size = 0
        self.finished = False
        self.error: str | None = None

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
        elif isinstance(event, h11.EndOfMessage):
            self.finished = True
        elif isinstance(event, h11.ConnectionClosed):
            self.error = CLOSED_INSIDE if self.size else CLOSED_EARLY
        elif event is h11.PAUSED:
            self.error = SWITCHED
