"""What the endpoint's query may ask for, checked; the same rules for every server.

The Flask endpoint (`endpoint.py`) and the asynchronous one (`async_endpoint.py`) read their
queries here, so a URL means the same whatever serves it. It knows no framework.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_S = 600.0
LARGEST_BYTES = 100_000_000
MOST_CHUNKS = 10_000
MOST_TOGETHER = 10_000

IMAGE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A GIF of one pixel."""
PAGE = b'<!doctype html><title>browserconc</title><link rel=icon href="data:,"><p>ok\n'

Query = Mapping[str, str]


class QueryError(ValueError):
    """A value that is refused with status 400; one sentence."""


def number(query: Query, key: str, default: float, most: float = LONGEST_S) -> float:
    """A number of seconds from 0 to `most`.

    Raises:
        QueryError: it is none.
    """
    text = query.get(key)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:  # also refuses nan
        raise QueryError(f"{key} must be a number of seconds from 0 to {most:g}, not {text[:40]!r}.")
    return value


def count(query: Query, key: str, default: int, least: int, most: int) -> int:
    """A whole number from `least` to `most`.

    Raises:
        QueryError: it is none.
    """
    text = query.get(key)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else least - 1
    if not least <= value <= most:
        raise QueryError(f"{key} must be a whole number from {least} to {most}, not {text[:40]!r}.")
    return value


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be answered: checked before the work, made after it.

    So of a thousand requests that come at once, all are asleep soonest. `size` is in bytes,
    `control` the value of Cache-Control, None for no such header; `is_image` where the page is a picture.
    """

    size: int
    control: str | None
    is_image: bool = False

    @property
    def media_type(self) -> str:
        """What it is."""
        return "image/gif" if self.is_image else "text/html"

    def body(self) -> bytes:
        """The page, filled with spaces up to its size; a smaller size cuts it off."""
        if self.is_image:
            return IMAGE
        return PAGE[: self.size].ljust(self.size)


def page(query: Query) -> Page:
    """What `size`, `cache-control` and `as` ask for.

    Raises:
        QueryError: one of them has no such value.
    """
    control = query.get("cache-control")
    if control is not None and not (control.isascii() and control.isprintable()):
        raise QueryError("cache-control must be printable ASCII, for it becomes a header.")
    kind = query.get("as", "page")
    if kind not in ("page", "image"):
        raise QueryError(f"as must be page or image, not {kind[:40]!r}.")
    if kind == "image":
        return Page(len(IMAGE), control, is_image=True)
    return Page(count(query, "size", len(PAGE), 0, LARGEST_BYTES), control)


def pieces(body: bytes, chunks: int) -> list[bytes]:
    """The body in a first byte, for servers send the headers with it, and `chunks` pieces."""
    step = max(1, -(-(len(body) - 1) // chunks))
    return [body[:1], *(body[1 + n * step : 1 + (n + 1) * step] for n in range(chunks))]


def burn(seconds: float) -> None:
    """Keeps a core busy until this thread has had `seconds` of CPU time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))
