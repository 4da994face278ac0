"""Whether a host may be loaded, and whether anybody listens there: asked before anything is started."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT_TIMEOUT_S = 5.0
HAPPY_EYEBALLS_S = 0.25
"""As RFC 8305 recommends."""
DEAF_S = 1.0
"""An address that is silent for so long is one that a browser gives up on before (0.25 to 0.3 s)."""
PORTS = {"http": 80, "https": 443}


class TargetError(Exception):
    """One sentence: why the target cannot be measured and what to do."""


class ForeignHostError(Exception):
    """The host is neither this machine nor in a private network: one sentence that says why that matters."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: `loopback` on this machine, `private` there or in a network of one's own."""

    host: str
    port: int
    loopback: bool
    private: bool


async def locate(url: str) -> Place:
    """Resolves the URL's host.

    Raises:
        TargetError: it is no http or https URL, or the name does not resolve.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError as problem:
        raise TargetError(f"{url} is not a URL ({problem}).") from problem
    if parts.scheme not in PORTS or not host or not port:
        raise TargetError(f"{url} is not a URL that starts with http:// or https:// and names a host.")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return Place(host, port, loopback=True, private=True)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as problem:
        raise TargetError(
            f"The host name {host} does not resolve ({_reason(problem)}): check its spelling and the network."
        ) from problem
    addresses = [ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found]
    return Place(
        host,
        port,
        loopback=all(address.is_loopback for address in addresses),
        private=all(address.is_private for address in addresses),
    )


async def connect(place: Place) -> None:
    """Opens one connection and closes it again.

    Raises:
        TargetError: nobody accepts it.
    """
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            # An address of the host that does not answer must not keep the others from being tried.
            _, writer = await asyncio.open_connection(
                "localhost" if place.host.endswith(".localhost") else place.host,
                place.port,
                happy_eyeballs_delay=HAPPY_EYEBALLS_S,
            )
    except (OSError, TimeoutError) as problem:
        raise TargetError(
            f"{place.host}:{place.port} cannot be reached ({_reason(problem)}): "
            "start the server, or check the address."
        ) from problem
    writer.close()


async def deaf_addresses(place: Place) -> tuple[str, ...]:
    """The addresses of the host that a browser tries in vain before one that answers; none as a rule.

    One that refuses costs nothing. One that does not answer costs a fixed time (RFC 8305, section 5).
    """
    if place.host == "localhost" or place.host.endswith(".localhost"):
        addresses = ["::1", "127.0.0.1"]  # Chromium's own answer, whatever the system's resolver says
    else:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        except OSError:
            return ()
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    deaf: list[str] = []
    for address in addresses if len(addresses) > 1 else ():
        try:
            async with asyncio.timeout(DEAF_S):
                _, writer = await asyncio.open_connection(address, place.port)
        except TimeoutError:
            deaf.append(address)
        except OSError:
            continue
        else:
            writer.close()
            return tuple(deaf)
    return ()


async def require_http2(place: Place, url: str) -> None:
    """Sees to it that a browser, which speaks HTTP/2 over TLS only, would speak it there.

    Raises:
        TargetError: it would not.
    """
    if urlsplit(url).scheme == "https" and await _chooses_http2(place):
        return
    raise TargetError(
        f"{place.host}:{place.port} does not speak HTTP/2 to a browser, which wants TLS and ALPN for it: "
        "give the https:// address of a server that does, or leave --http 2 out."
    )


async def _chooses_http2(place: Place) -> bool:
    """Whether the server chooses HTTP/2 where it is offered that and HTTP/1.1 (ALPN, RFC 7301).

    Whether its certificate checks does not matter here; the browser will say.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    host = "localhost" if place.host.endswith(".localhost") else place.host
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, writer = await asyncio.open_connection(
                host, place.port, ssl=context, happy_eyeballs_delay=HAPPY_EYEBALLS_S
            )
    except (OSError, TimeoutError):
        return False
    chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.transport.abort()
    return bool(chosen == "h2")


def permit(place: Place, *, allowed: bool) -> None:
    """Refuses a host that is not the user's own unless it was allowed.

    Raises:
        ForeignHostError: it was not.
    """
    if place.private or allowed:
        return
    raise ForeignHostError(
        f"{place.host} is neither this machine nor in a private network. A diagnosis sends dozens of "
        "requests at once, which others may take for an attack: if the host is yours or its owner agrees, "
        "add --i-may-load-this-host (it is then loaded with few requests at a time)."
    )


def _reason(problem: BaseException) -> str:
    if isinstance(problem, TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT_S:g} s"
    if isinstance(problem, ConnectionRefusedError):
        return "connection refused"
    text = getattr(problem, "strerror", None) or str(problem)
    return str(text).split("\n", 1)[0]
