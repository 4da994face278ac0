"""What a browser's tabs are waiting for at this moment, by the events of CDP's Network domain.

It is a guess for the eye, not evidence: the domain tells when a request was asked for, sent and answered,
but not why it was not sent yet. What went on at the same time suggests it. Nothing is kept of a
request but its address, and that only while it is in flight.
Source: https://chromedevtools.github.io/devtools-protocol/tot/Network/
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from browserconc.evidence.cdp import Session
from browserconc.evidence.secrets import masked

State = Literal["same-url", "same-host", "browser", "server", "receiving"]
STATES: tuple[State, ...] = ("server", "same-url", "same-host", "browser", "receiving")


@dataclass(frozen=True, slots=True)
class InFlight:
    """One request. `since_ns` is when it was asked for, on the clock of whoever looks.

    "same-url" and "same-host" are not sent while another request of that URL or host is on its way,
    "browser" though none is.
    """

    url: str
    state: State
    since_ns: int


@dataclass(frozen=True, slots=True)
class Now:
    """One look: the requests in flight, the oldest first."""

    requests: tuple[InFlight, ...]

    def count(self, state: State) -> int:
        """How many are in that state."""
        return sum(request.state == state for request in self.requests)


@dataclass(slots=True)
class _Request:
    url: str
    since_ns: int
    sent: bool = False
    answered: bool = False


class LiveRequests:
    """Follows the requests of any number of pages; `look` may be called as often as one likes."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """`clock` gives nanoseconds; the browser's own may be another machine's."""
        self._clock = clock
        self._open: dict[tuple[int, str], _Request] = {}
        self._early: set[tuple[int, str]] = (
            set()
        )  # sent before they were asked for: the order is not promised

    async def watch(self, session: Session, page: int) -> None:
        """Follows one page from now on. The session's Network domain must be enabled afterwards."""
        session.on("Network.requestWillBeSent", partial(self._asked, page))
        session.on("Network.requestWillBeSentExtraInfo", partial(self._sent, page))
        session.on("Network.responseReceived", partial(self._answered, page))
        for end in ("loadingFinished", "loadingFailed"):
            session.on(f"Network.{end}", partial(self._ended, page))

    def forget(self, page: int) -> None:
        """The page is gone, and what it asked for with it."""
        self._open = {key: request for key, request in self._open.items() if key[0] != page}
        self._early = {key for key in self._early if key[0] != page}

    def look(self) -> Now:
        """What is in flight now."""
        on_the_way = [request for request in self._open.values() if request.sent and not request.answered]
        urls = Counter(request.url for request in on_the_way)
        hosts = Counter(_host(request.url) for request in self._open.values() if request.sent)
        found = [
            InFlight(masked(request.url), _state(request, urls, hosts), request.since_ns)
            for request in self._open.values()
        ]
        return Now(tuple(sorted(found, key=lambda request: request.since_ns)))

    def _asked(self, page: int, event: Mapping[str, Any]) -> None:
        key = page, event["requestId"]
        url = event["request"]["url"]
        if url.startswith(("http:", "https:")):
            # A redirect asks again under the same id.
            self._open[key] = _Request(url, self._clock(), sent=key in self._early)
        self._early.discard(key)

    def _sent(self, page: int, event: Mapping[str, Any]) -> None:
        key = page, event["requestId"]
        request = self._open.get(key)
        if request is None:
            self._early.add(key)
        else:
            request.sent = True

    def _answered(self, page: int, event: Mapping[str, Any]) -> None:
        if request := self._open.get((page, event["requestId"])):
            request.sent = request.answered = True

    def _ended(self, page: int, event: Mapping[str, Any]) -> None:
        key = page, event["requestId"]
        self._open.pop(key, None)
        self._early.discard(key)


def _state(request: _Request, urls: Mapping[str, int], hosts: Mapping[str, int]) -> State:
    if request.answered:
        return "receiving"
    if request.sent:
        return "server"
    if request.url in urls:
        return "same-url"
    return "same-host" if hosts.get(_host(request.url)) else "browser"


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:  # a bracket that is not closed
        return ""
