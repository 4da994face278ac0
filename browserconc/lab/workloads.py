"""What every tab does: the ways in which a page asks for something, and the address that it asks for.

A navigation is the tab's own (`release.py`); everything else is done by a script in a page of the target's
origin (`perform.py`). Equal images of one page are one request: the browser sees to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from browserconc.lab.http_answer import Until

WEBSOCKET_HEADERS = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "YnJvd3NlcmNvbmMgcmF3IQ=="),
)
"""What makes a request a WebSocket's handshake; the key is any 16 bytes (RFC 6455, section 4.1)."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One way to ask.

    `script` is the body of an asynchronous function of `url` and `keep`, which holds on to what must
    stay open; it gives the status, None where a page is not told. `target` is the endpoint's address, with
    `{work}` for what the trial's kind of work asks for; `slack_s` is what a trial may take beyond
    one request after another. `until` and `headers` are for the raw-socket client.
    """

    name: str
    script: str = ""
    target: str = "{work}"
    slack_s: float = 30.0
    until: Until = "answer"
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def stays_open(self) -> bool:
        """Whether it has no end of its own and keeps its connection."""
        return self.until != "answer"

    def address(self, url: str) -> str:
        """The URL as a page gives it: of a WebSocket with a scheme of its own."""
        if self.name != "websocket":
            return url
        parts = urlsplit(url)
        return urlunsplit(parts._replace(scheme={"https": "wss"}.get(parts.scheme, "ws")))


_FETCH = """
const response = await fetch(url);
await response.arrayBuffer();
return response.status;"""
_XHR = """
return await new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.onload = () => resolve(request.status);
  request.onerror = () => reject(new Error("the request failed"));
  request.open("GET", url);
  request.send();
});"""
_ELEMENT = """
await new Promise((resolve, reject) => {
  const element = document.createElement(%s);
  element.onload = resolve;
  element.onerror = () => reject(new Error("it did not load"));
  element.src = url;
  document.body.append(element);
});
return performance.getEntriesByName(url).at(-1)?.responseStatus || null;"""
_SSE = """
await new Promise((resolve, reject) => {
  const stream = new EventSource(url);
  keep(stream);
  stream.%s = () => { stream.onerror = null; resolve(); };
  stream.onerror = () => { stream.close(); reject(new Error("the stream failed")); };
});
return 200;"""
_WEBSOCKET = """
await new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  keep(socket);
  socket.onopen = resolve;
  socket.onerror = () => reject(new Error("the handshake failed"));
});
return 101;"""

WORKLOADS: Mapping[str, Workload] = {
    workload.name: workload
    for workload in (
        Workload("navigate"),
        Workload("fetch", _FETCH),
        Workload("xhr", _XHR),
        Workload("image", _ELEMENT % '"img"', "{work}&as=image"),
        Workload("iframe", _ELEMENT % '"iframe"'),
        # Neither waits at the cache, whose lock gives up after 20 s.
        Workload("sse", _SSE % "onmessage", "/events?delay={seconds:g}", 5.0, "event"),
        Workload(
            "websocket",
            _WEBSOCKET,
            "/websocket?delay={seconds:g}",
            10.0,
            "switch",
            WEBSOCKET_HEADERS,
        ),
    )
}
"""By name, in the order of the contract."""


def of_others(name: str) -> Workload:
    """The workload against a server that is not ours.

    Of such a server nobody knows when a stream has an event and what that is called: it is there with its
    headers.
    """
    workload = WORKLOADS[name]
    if name != "sse":
        return workload
    return replace(
        workload, script=_SSE % "onopen", until="headers", headers=(("Accept", "text/event-stream"),)
    )


def asked_for(url: str, workload: str | None) -> tuple[str, str]:
    """The address of a page of that origin, and how it asks: a ws:// URL is a WebSocket's unless it is said.

    Without a scheme it is http://.
    """
    scheme, found, rest = url.partition("://")
    if not found:
        return f"http://{url}", workload or "navigate"
    if scheme in ("ws", "wss") and workload in (None, "websocket"):
        return f"http{scheme.removeprefix('ws')}://{rest}", "websocket"
    return url, workload or "navigate"
