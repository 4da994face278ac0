"""Documents that are quick and whose parts are not: the browser or the page holds the parts back."""

from __future__ import annotations

from tests.corpus.case import Case, Label
from tests.corpus.checks import at_once
from tests.corpus.programs import uvicorn

SITE = (uvicorn("dashboards:app"),)
NEEDS = ("fastapi", "uvicorn")
COMPLETE = ("--wait-for", "#complete")
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
HOST_LIMIT = Label("browser", "host-limit", 6, browser_limit=6)


def page(
    case: str,
    stages: str,
    path: str,
    label: Label,
    part: str,
    *options: str,
    upgrade: bool = False,
    untold: str | None = None,
) -> Case:
    """A page of the site; `part` is its slow resource, which the server gives to everybody at once."""
    return Case(
        id=case,
        stages=stages,
        programs=SITE,
        path=path,
        labels=(label,),
        checks=(at_once(None, part, headers=UPGRADE if upgrade else None),),
        options=options,
        needs=NEEDS,
        untold=untold,
    )


CASES = (
    page(
        "page-fetches",
        "twelve fetch() calls of different URLs",
        "/dashboard.html",
        HOST_LIMIT,
        "/api/widget/1",
        "--tabs",
        "2",
        *COMPLETE,
    ),
    page(
        "page-same-fetch",
        "one fetch() of the same URL in each of six tabs",
        "/status.html",
        Label("browser", "cache-lock", 1, browser_limit=1),
        "/api/state",
        "--tabs",
        "6",
        *COMPLETE,
    ),
    page(
        "page-frames",
        "nine frames of different URLs",
        "/frames.html",
        HOST_LIMIT,
        "/frame/1",
        "--tabs",
        "1",
    ),
    page(
        "page-images",
        "twenty-four images on twelve hosts: Blink holds all but ten back",
        "/gallery.html",
        Label("browser", "load-throttle", 10),
        "/img/1.svg",
        "--tabs",
        "1",
        *COMPLETE,
    ),
    page(
        "event-sources",
        "six EventSources, then a fetch() that never starts",
        "/feeds.html",
        HOST_LIMIT,
        "/api/widget/1",
        "--tabs",
        "1",
        "--timeout",
        "8",
        *COMPLETE,
    ),
    page(
        "event-source-tabs",
        "an EventSource in each of eight tabs: the seventh shows nothing",
        "/feed.html",
        HOST_LIMIT,
        "/api/widget/1",
        "--tabs",
        "8",
        "--timeout",
        "8",
        *COMPLETE,
    ),
    page(
        "websocket-handshakes",
        "six WebSockets whose handshakes take their time",
        "/chat.html",
        Label("browser", "websocket-handshake", 1),
        "/chat",
        "--tabs",
        "1",
        *COMPLETE,
        upgrade=True,
    ),
    page(
        "web-lock",
        "a page that saves under a navigator.locks lock, in four tabs",
        "/editor.html",
        Label("page", "web-lock", 1),
        "/api/widget/9",
        "--tabs",
        "4",
        *COMPLETE,
    ),
    page(
        "indexeddb-lock",
        "a read-write transaction of IndexedDB for half a second, in four tabs",
        "/notebook.html",
        Label("page", "web-lock", 1),
        "/api/widget/3",
        "--tabs",
        "4",
        *COMPLETE,
    ),
    page(
        "opened-windows",
        "windows of window.open() beside an opener that computes: one main thread for all",
        "/windows.html",
        Label("page", "shared-renderer", ...),
        "/api/widget/1",
        "--tabs",
        "1",
        *COMPLETE,
    ),
    page(
        "many-hosts",
        "fetch() of 560 hosts: the sockets of a context are used up",
        "/shards.html",
        Label("browser", "pool-limit", ...),
        "/api/hold",
        "--tabs",
        "1",
        *COMPLETE,
    ),
    page(
        "refused-websockets",
        "three hundred WebSockets in one tab: its process opens fewer, and the rest fail at once",
        "/prices.html",
        Label("browser", "websocket-limit", ...),
        "/ticker",
        "--tabs",
        "1",
        *COMPLETE,
        upgrade=True,
    ),
    page(
        "many-websockets",
        "two hundred WebSockets in each of three tabs: the sockets of a context are used up",
        "/tickers.html",
        Label("browser", "websocket-limit", ...),
        "/ticker",
        "--tabs",
        "3",
        "--timeout",
        "20",
        *COMPLETE,
        upgrade=True,
    ),
)
