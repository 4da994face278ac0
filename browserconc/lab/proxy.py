"""A proxy that a context loads through, as the user wrote it: `http://[user:password@]host:port`."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from browserconc.lab import reach

SCHEMES = {"http": 80, "https": 443, "socks5": 1080}


class ProxyError(Exception):
    """It is no proxy, or nobody answers there; one sentence, without the password."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """`server` is its address without the credentials, which reach the browser and nothing else."""

    server: str
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def parse(text: str) -> Proxy:
    """The proxy that such an address names.

    Raises:
        ProxyError: it is none.
    """
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port or SCHEMES.get(parts.scheme)
    except ValueError:
        host, port = None, None
    if not host or not port or parts.scheme not in SCHEMES:
        raise ProxyError(f"{_shown(text)} is no proxy: write http://HOST:PORT, https:// or socks5://.")
    place = f"[{host}]" if ":" in host else host
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return Proxy(f"{parts.scheme}://{place}:{port}", username, password)


async def connect(proxy: Proxy) -> None:
    """Opens one connection to it and closes it again.

    Raises:
        ProxyError: nobody accepts it.
    """
    parts = urlsplit(proxy.server)
    assert parts.hostname
    assert parts.port
    try:
        await reach.connect(reach.Place(parts.hostname, parts.port, loopback=False, private=False))
    except reach.TargetError as problem:
        raise ProxyError(
            str(problem).replace(" cannot", ", a proxy, cannot").replace("the server", "it")
        ) from problem


def _shown(text: str) -> str:
    return text.rpartition("@")[2][:200]
