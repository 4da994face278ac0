"""One HTTP/1.1 request as bytes; no I/O, no clock. Headers, cookies and body are sent and told to nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import h11

SAFE_IN_TARGET = "%/:=&?~+!$,;'@()*[]"
"""Everything RFC 3986 allows in a path or query; what is already escaped stays so."""

DEFAULT_PORTS = {"http": 80, "https": 443}
METHODS_WITH_CONTENT = {"POST", "PUT", "PATCH"}
"""These say that their content is empty, where it is (RFC 9110, section 8.6)."""

Cookies = Sequence[tuple[str, str]]


class RequestError(ValueError):
    """A URL or header that cannot be made into a request; the message is one sentence."""


class Origin(NamedTuple):
    """Where a URL's server is; `secure` stands for TLS."""

    host: str
    port: int
    secure: bool


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """A request that can be sent: its head as h11 has it, its content, and both as they go over the wire."""

    head: h11.Request
    body: bytes
    wire: bytes


def request(
    url: str,
    *,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    cookies: Cookies = (),
    body: bytes | None = None,
) -> Request:
    """The request for `url`; `headers` replace the standard ones of the same name.

    Raises:
        RequestError: not an http:// or https:// URL with a host, or something that HTTP does not allow.
    """
    origin(url)
    parts = urlsplit(url)
    target = quote(parts.path or "/", SAFE_IN_TARGET)
    if parts.query:
        target += "?" + quote(parts.query, SAFE_IN_TARGET)
    fields = {"host": ("Host", parts.netloc), "user-agent": ("User-Agent", "browserconc")}
    fields["accept"] = ("Accept", "*/*")
    if body or method in METHODS_WITH_CONTENT:
        fields["content-length"] = ("Content-Length", str(len(body or b"")))
    if cookies:
        fields["cookie"] = ("Cookie", "; ".join(f"{name}={value}" for name, value in cookies))
    given = list(headers)
    for name, _ in given:
        fields.pop(name.lower(), None)
    try:
        head = h11.Request(method=method, target=target, headers=[*fields.values(), *given])
        connection = h11.Connection(h11.CLIENT)
        wire = connection.send(head) or b""
        if body:
            wire += connection.send(h11.Data(data=body)) or b""
        wire += connection.send(h11.EndOfMessage()) or b""
    except (h11.LocalProtocolError, UnicodeEncodeError):
        names = ", ".join(repr(name) for name, _ in given) or "none were given"
        raise RequestError(
            f"HTTP does not allow this URL, method, cookie or one of the headers ({names})."
        ) from None
    return Request(head, body or b"", wire)


def origin(url: str) -> Origin:
    """The server that `url` names.

    Raises:
        RequestError: not an http:// or https:// URL with a host and a possible port.
    """
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise RequestError("Leave the user name and password out of the URL; give an Authorization header.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in DEFAULT_PORTS:
        raise RequestError(f"The raw-socket client needs http:// or https:// URLs with a host, not {url!r}.")
    return Origin(host, DEFAULT_PORTS[parts.scheme] if port is None else port, parts.scheme == "https")
