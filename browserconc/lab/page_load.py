"""Loads a page until it counts as loaded, and notes what it asks for on the way.

Only the driver's own events are listened to, which it is told anyway: nothing is routed or polled.
"""

from __future__ import annotations

import asyncio
import fnmatch
import re
import time
from collections.abc import Sequence
from typing import Any

from browserconc.evidence.page_log import PageLine
from browserconc.lab.browser import DriverError, Page

QUIET_S = 0.3
"""A page that has asked for nothing new for so long after its last answer is at rest."""
NETWORK_IDLE_NS = 500_000_000
"""For so long nothing has happened when Playwright calls the network idle."""
RESTLESS_S = 5.0
"""What a page first asks for so long after its load event (polling, say) is no part of its load."""
UNREAD_S = 5.0
"""Chromium buffers what a fetch() answers, unless it is no-store: of a body that no script reads it then
never tells the end (third_party/blink/renderer/core/fetch/fetch_manager.cc). So long after the last news of
any kind in the tab what has its headers counts as answered with them."""
CRASHED = "the tab crashed"
STREAMS = ("eventsource",)
_REFUSED = re.compile(r"WebSocket connection to '(wss?://[^']*)' failed: (Insufficient resources)")
"""What the console says of a WebSocket that a renderer process does not open, of which the driver and the
network stack never hear (third_party/blink/renderer/modules/websockets/websocket_channel_impl.cc)."""


class PageLoads:
    """The tabs of one trial: what they asked for, and when each counts as loaded."""

    def __init__(self, pages: Sequence[Page], wait_for: str, *, gates: Sequence[str]) -> None:
        """Listens from now on; requests for one of `gates`, which may be filled later, are not noted."""
        self.lines: list[PageLine] = []
        self.restless: set[int] = set()
        self.unread: list[PageLine] = []
        self._wait_for = wait_for
        self._gates = gates
        self._open: dict[Any, PageLine] = {}
        self._headers_ns: dict[Any, int] = {}
        self._changed = [asyncio.Event() for _ in pages]
        self._crashed = [asyncio.Event() for _ in pages]
        self._listening = [self._listen(tab, page) for tab, page in enumerate(pages)]

    def _listen(self, tab: int, page: Page) -> list[tuple[Page, str, Any]]:
        handlers = [
            (page, "request", lambda request: self._asked(tab, request)),
            (page, "requestfinished", lambda request: self._done(tab, request, None)),
            (page, "requestfailed", lambda request: self._done(tab, request, request.failure or "failed")),
            (page, "response", lambda response: self._answered_first(tab, response.request)),
            (page, "websocket", lambda socket: self._websocket(tab, socket)),
            (page, "crash", lambda _: self._crashed[tab].set()),
            (page, "console", lambda message: self._said(tab, message)),
        ]
        for _, event, handler in handlers:
            page.on(event, handler)  # type: ignore[call-overload]
        return handlers

    def crashed(self, tab: int) -> bool:
        """Whether the tab's renderer process ended."""
        return self._crashed[tab].is_set()

    def stop(self) -> None:
        """Listens no longer; the tabs may be used again."""
        for handlers in self._listening:
            for page, event, handler in handlers:
                page.remove_listener(event, handler)

    def _asked(self, tab: int, request: Any) -> None:
        if request.url in self._gates or request.url.startswith(("data:", "blob:")):
            return
        line = PageLine(tab, request.url, request.method, request.resource_type, time.monotonic_ns())
        if request.redirected_from and (before := self._open.pop(request.redirected_from, None)):
            before.done_ns = line.asked_ns
        self.lines.append(line)
        self._open[request] = line
        self._changed[tab].set()

    def _done(self, tab: int, request: Any, failed: str | None) -> None:
        if line := self._open.pop(request, None):
            line.done_ns, line.failed = time.monotonic_ns(), failed
            self._changed[tab].set()

    def _answered_first(self, tab: int, request: Any) -> None:
        """The headers are there: an event stream, which has no end, is open."""
        line = self._open.get(request)
        if line is None:
            return
        self._headers_ns[request] = time.monotonic_ns()
        if line.kind in STREAMS:
            line.opened_ns = self._headers_ns[request]
        self._changed[tab].set()

    async def _news(self, tab: int) -> None:
        """Waits for the next event of the tab; what is only left unread by its scripts is not waited for."""
        waiting = [r for r, line in self._open.items() if line.tab == tab and line.answered_ns is None]
        unread = all(r.resource_type == "fetch" and r in self._headers_ns for r in waiting)
        try:
            async with asyncio.timeout(UNREAD_S if unread and waiting else None):
                await self._changed[tab].wait()
        except TimeoutError:
            for request in waiting:
                self._open[request].opened_ns = self._headers_ns[request]
                self.unread.append(self._open[request])

    def _websocket(self, tab: int, socket: Any) -> None:
        self.lines.append(PageLine(tab, socket.url, "GET", "websocket", time.monotonic_ns()))

    def _said(self, tab: int, message: Any) -> None:
        if message.type == "error" and (refused := _REFUSED.search(message.text)):
            now_ns = time.monotonic_ns()
            self.lines.append(
                PageLine(tab, refused[1], "GET", "websocket", now_ns, now_ns, failed=refused[2])
            )

    async def arrive(self, page: Page, tab: int, url: str, limit_s: float) -> tuple[int | None, int]:
        """Loads `url`; the status of the document and the instant (ns) at which the page was loaded.

        Raises:
            DriverError: it does not load, or not within `limit_s`, or the tab crashes.
        """
        load = asyncio.create_task(self._load(page, tab, url, limit_s))
        crash = asyncio.create_task(self._crashed[tab].wait())
        try:
            await asyncio.wait((load, crash), return_when=asyncio.FIRST_COMPLETED)
            if crash.done():
                raise DriverError(CRASHED)
            return load.result()
        finally:
            load.cancel()
            crash.cancel()
            await asyncio.gather(load, crash, return_exceptions=True)

    async def _load(self, page: Page, tab: int, url: str, limit_s: float) -> tuple[int | None, int]:
        limit_ms = limit_s * 1000
        wait_for = self._wait_for
        if wait_for == "networkidle":
            response = await page.goto(url, wait_until="networkidle", timeout=limit_ms)
            return response.status if response else None, time.monotonic_ns() - NETWORK_IDLE_NS
        by_load_event = wait_for in ("load", "rest")  # of an endless document there is none
        response = await page.goto(url, wait_until="load" if by_load_event else "commit", timeout=limit_ms)
        status = response.status if response else None
        loaded_ns = time.monotonic_ns()
        if wait_for == "rest":
            return status, await self._at_rest(tab, loaded_ns)
        if wait_for.startswith("request:"):
            return status, await self._answered(tab, wait_for.removeprefix("request:"))
        if wait_for != "load":
            await page.wait_for_selector(wait_for, timeout=limit_ms)
            return status, time.monotonic_ns()
        return status, loaded_ns

    async def _at_rest(self, tab: int, loaded_ns: int) -> int:
        """Waits until nothing that counts is going on; whoever called sees to the time-out."""
        latest_ns = loaded_ns + round(RESTLESS_S * 1e9)
        while True:
            counted = [
                line
                for line in self.lines
                if line.tab == tab and line.asked_ns <= latest_ns and line.kind != "websocket"
            ]
            if any(line.tab == tab and line.asked_ns > latest_ns for line in self.lines):
                self.restless.add(tab)
            changed = self._changed[tab]
            changed.clear()
            if any(line.answered_ns is None for line in counted):
                await self._news(tab)
                continue
            try:
                async with asyncio.timeout(QUIET_S):
                    await changed.wait()
            except TimeoutError:
                return max([loaded_ns, *(line.answered_ns or 0 for line in counted)])
            if time.monotonic_ns() > latest_ns and all(line.answered_ns is not None for line in counted):
                self.restless.add(tab)
                return max([loaded_ns, *(line.answered_ns or 0 for line in counted)])

    async def _answered(self, tab: int, glob: str) -> int:
        while True:
            self._changed[tab].clear()
            for line in self.lines:
                if line.tab == tab and line.answered_ns is not None and fnmatch.fnmatch(line.url, glob):
                    return line.answered_ns
            await self._news(tab)
