"""`cdp.jsonl`: what DevTools sees of each request; its capture over CDP and its reader.

The Network domain tells when the page asked, which the network stack cannot know, and splits the
rest into phases. It cannot tell what a request waited for: the lock of a cache entry and the limit
of connections per host are both time before `send`. Chromium's timestamps are CLOCK_MONOTONIC in
seconds; `connectionId` is the id of the NetLog's SOCKET source, and local ports are missing.

A line holds instants, addresses and outcomes, never a header, cookie or body.
Source: https://chromedevtools.github.io/devtools-protocol/tot/Network/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from browserconc.evidence import secrets
from browserconc.model.timeline import Span, Track
from browserconc.recording import RecordingError

FILE = "cdp.jsonl"
SOURCE = "cdp"
FIRST_BYTES = b'{"page":'
"""How such a file begins."""
DOUBT = (
    "The Network domain tells that a request was blocked, but not by what: the lock of a cache entry, the "
    "limit of connections per host or the page's own order look alike. A trace or a NetLog tells."
)

_EVENTS = ("requestWillBeSent", "responseReceived", "loadingFinished", "loadingFailed")
_TIMING = (
    *("requestTime", "dnsStart", "dnsEnd", "connectStart", "connectEnd", "sslStart", "sslEnd"),
    *("sendStart", "sendEnd", "receiveHeadersStart", "receiveHeadersEnd"),
)


class Session(Protocol):
    """A CDP session of one page, such as Playwright's `context.new_cdp_session(page)`."""

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Sends a command and returns its result."""

    def on(self, event: str, f: Callable[..., Any]) -> Any:
        """Calls `f` with the parameters of each such event."""


@dataclass(frozen=True, slots=True)
class CdpLine:
    """One event of one request of one page.

    `request` is CDP's requestId, which a redirect keeps: "asked" begins a further leg. `timing`
    is Network.ResourceTiming: requestTime in seconds, the others in milliseconds after it, -1
    where a phase did not happen.
    """

    page: int
    event: Literal["asked", "answered", "finished", "failed"]
    request: str
    time_ns: int
    url: str | None = None
    method: str | None = None
    status: int | None = None
    connection: int | None = None
    reused: bool | None = None
    timing: dict[str, float] | None = None
    error: str | None = None
    document: str | None = None


@dataclass(slots=True)
class Capture:
    """The lines of one trial; they are kept in memory until the trial is over."""

    lines: list[CdpLine] = field(default_factory=list)

    async def watch(self, session: Session, page: int) -> None:
        """Notes every request of one page from now on, until the session is detached."""
        takers = (self._asked, self._answered, self._finished, self._failed)
        for name, take in zip(_EVENTS, takers, strict=True):
            session.on(f"Network.{name}", partial(take, page))
        await session.send("Network.enable")

    def save(self, path: Path) -> None:
        """Writes the lines, without user and password in addresses.

        Raises:
            OSError: the file cannot be written.
        """
        path.write_bytes(secrets.blank(msgspec.json.Encoder().encode_lines(self.lines)))

    def _asked(self, page: int, event: Mapping[str, Any]) -> None:
        time_ns = _ns(event["timestamp"])
        if before := event.get("redirectResponse"):
            self.lines.append(_answer(page, event["requestId"], time_ns, before))
        asked = event["request"]
        url = asked["url"] + asked.get("urlFragment", "")
        document = event.get("documentURL")
        self.lines.append(
            CdpLine(page, "asked", event["requestId"], time_ns, url, asked["method"], document=document)
        )

    def _answered(self, page: int, event: Mapping[str, Any]) -> None:
        self.lines.append(_answer(page, event["requestId"], _ns(event["timestamp"]), event["response"]))

    def _finished(self, page: int, event: Mapping[str, Any]) -> None:
        self.lines.append(CdpLine(page, "finished", event["requestId"], _ns(event["timestamp"])))

    def _failed(self, page: int, event: Mapping[str, Any]) -> None:
        self.lines.append(
            CdpLine(page, "failed", event["requestId"], _ns(event["timestamp"]), error=event["errorText"])
        )


def _answer(page: int, request: str, time_ns: int, response: Mapping[str, Any]) -> CdpLine:
    timing = response.get("timing")
    return CdpLine(
        page=page,
        event="answered",
        request=request,
        time_ns=time_ns,
        status=response.get("status"),
        connection=int(response["connectionId"]) if response.get("connectionId") else None,
        reused=response.get("connectionReused"),
        timing={name: timing[name] for name in _TIMING if name in timing} if timing else None,
    )


def tracks(path: Path) -> list[Track]:
    """One Track per leg of each request, in the order in which the pages asked.

    `index` is the page's number. Spans: "asked" (an instant), "request" (until it was finished or
    had failed) and HAR's phases blocked, dns, connect, ssl, send, wait and receive, where the
    answer's timing has them. "queued" is the first part of "blocked", until the network stack had
    the request. Facts: page (the document that asked), via (the address that redirected here), leg,
    method, status, error,
    connection (a SOCKET id of the NetLog) and connection_reused.

    Raises:
        RecordingError: the file cannot be read, or a line that is not the last is no such line.
    """
    legs: list[_Leg] = []
    current: dict[tuple[int, str], _Leg] = {}
    for line in _lines(path):
        key = (line.page, line.request)
        if line.event == "asked":
            current[key] = _Leg(line, current.get(key))
            legs.append(current[key])
        elif leg := current.get(key):
            leg.take(line)
    return [leg.track() for leg in legs]


def _lines(path: Path) -> Iterator[CdpLine]:
    try:
        *rows, _cut_off = path.read_bytes().split(b"\n")
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read ({problem.strerror}).") from problem
    decoder = msgspec.json.Decoder(CdpLine)
    for number, row in enumerate(rows, start=1):
        try:
            yield decoder.decode(row)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise RecordingError(
                f"{path} line {number} is not a line of CDP events ({problem})."
            ) from problem


class _Leg:
    def __init__(self, asked: CdpLine, before: _Leg | None) -> None:
        self.asked = asked
        self.via = before.asked.url if before else None
        self.number: int = before.number + 1 if before else 0
        self.answer: CdpLine | None = None
        self.end: CdpLine | None = None

    def take(self, line: CdpLine) -> None:
        if line.event == "answered":
            self.answer = line
        else:
            self.end = line

    def track(self) -> Track:
        asked, answer, end = self.asked, self.answer, self.end
        spans = [
            Span("asked", asked.time_ns, asked.time_ns),
            Span("request", asked.time_ns, end.time_ns if end else None),
            *self._phases(),
        ]
        return Track(
            source=SOURCE,
            key=f"{asked.page}.{asked.request}.{self.number}",
            url=asked.url or "",
            index=asked.page,
            spans=tuple(spans),
            facts={
                "page": asked.document,
                "via": self.via,
                "leg": self.number,
                "method": asked.method,
                "status": answer.status if answer else None,
                "error": end.error if end else None,
                "connection": answer.connection if answer else None,
                "connection_reused": answer.reused if answer else None,
            },
        )

    def _phases(self) -> Iterator[Span]:
        timing = self.answer.timing if self.answer else None
        if not timing or "requestTime" not in timing:
            return
        stack_ns = _ns(timing["requestTime"])

        def at(name: str) -> int | None:
            after_ms = timing.get(name, -1)
            return stack_ns + round(after_ms * 1e6) if after_ms >= 0 else None

        asked_ns = self.asked.time_ns
        if stack_ns > asked_ns:
            yield Span("queued", asked_ns, stack_ns)
        begun = [t for name in ("dnsStart", "connectStart", "sendStart") if (t := at(name)) is not None]
        if begun and min(begun) > asked_ns:
            yield Span("blocked", asked_ns, min(begun))
        for name in ("dns", "connect", "ssl", "send"):
            start, end = at(f"{name}Start"), at(f"{name}End")
            if start is not None and end is not None and end >= start:
                yield Span(name, start, end)
        sent, headers = at("sendEnd"), at("receiveHeadersEnd")
        if sent is not None and headers is not None:
            yield Span("wait", sent, max(sent, headers))
            finished = self.end.time_ns if self.end else None
            yield Span("receive", max(sent, headers), None if finished is None else max(headers, finished))


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
