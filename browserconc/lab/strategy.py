"""What a strategy is: which tabs to open, what each asks for, and how they are let go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

from browserconc.lab.browser import Browsers, Tabs

Release = Literal["navigate", "fetch", "raw-socket"]


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to put n requests in flight at once.

    `open` opens n tabs, or one page for `fetch`; it is None where no browser is needed.
    `address` gives the URL for request `index` of a target URL.
    """

    name: str
    what: str
    release: Release
    address: Callable[[str, int], str]
    open: Callable[[Browsers, int], Awaitable[Tabs]] | None = None


def same_url(target: str, index: int) -> str:
    """Every tab asks for the very same URL."""
    return target


def distinct_query(target: str, index: int) -> str:
    """Every tab adds `tab=<number>` to the query."""
    parts = urlsplit(target)
    query = f"{parts.query}&tab={index + 1}" if parts.query else f"tab={index + 1}"
    return urlunsplit(parts._replace(query=query))


def distinct_host(target: str, index: int) -> str:
    """Every tab uses a host name of its own, such as tab1.localhost.

    Browsers resolve *.localhost to the loopback address themselves (RFC 6761, section 6.3).
    """
    parts = urlsplit(target)
    return urlunsplit(parts._replace(netloc=f"tab{index + 1}.localhost{_port(parts)}"))


def _port(parts: SplitResult) -> str:
    return f":{parts.port}" if parts.port else ""
