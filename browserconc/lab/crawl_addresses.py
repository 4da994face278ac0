"""Which address a crawl loads next: the user's in turn, or pages of ours that no two tabs share."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

SITES = 50
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one crawl, or of one host's part of it: every `step`th from `first` on.

    `urls` are the user's; where there are none, `path` is asked for at `host` and `port`.
    """

    urls: tuple[str, ...] = ()
    host: str = LOOPBACK
    port: int = 0
    path: str = "/"
    first: int = 0
    step: int = 1

    def share(self, number: int, of: int) -> Addresses:
        """What the host of that number, counted from 0, loads where so many share them."""
        return replace(self, first=number, step=of)

    def supply(self) -> Callable[[bool], str]:
        """Gives the next address whenever it is called; of another site than the one before if so asked."""
        numbers = itertools.count(self.first, self.step)

        def next_url(many_sites: bool) -> str:
            n = next(numbers)
            if self.urls:
                return self.urls[n % len(self.urls)]
            # Every name below .localhost is this machine (RFC 6761), and a site of its own.
            host = f"site-{n % SITES}.localhost" if many_sites else self.host
            return f"http://{host}:{self.port}{self.path}&name={n}"

        return next_url
