"""Tabs that send what a navigation cannot: another method, or a body, by fetch() from a page of the origin.

Each tab first opens a small page of the target's origin, so that cookies and CORS are as for a page of
the user's own. Then all send at one instant, which each page waits for itself.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from browserconc.evidence.client import ClientLine
from browserconc.lab.browser import BrowserError, DriverError, Page, first_line
from browserconc.lab.release import ARM_TIMEOUT_S, Finished, Released
from browserconc.model.target import Target

HEAD_START_S = 0.2
"""Until the instant at which all send: long enough for the driver to tell every tab."""
OWN_PAGE_MS = 2000
_PAGES = ("robots.txt", "")
"""The first is small wherever it exists, and its absence is a page of the origin too, unless that is empty:
then the browser shows one of its own, and the second is tried."""
_EMPTY = "ERR_HTTP_RESPONSE_CODE_FAILURE"
_SEND = """async ({at, url, method, body}) => {
  const bytes = body === null ? undefined : Uint8Array.from(atob(body), c => c.charCodeAt(0));
  await new Promise(go => setTimeout(go, Math.max(0, at - Date.now())));
  const response = await fetch(url, {method, body: bytes});
  await response.arrayBuffer();
  return response.status;
}"""


async def open_origin(pages: Sequence[Page], urls: Sequence[str]) -> None:
    """Opens a page of the origin of urls[i] in page i.

    Raises:
        BrowserError: it does not open.
    """
    origins = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, urls)]
    try:
        async with asyncio.timeout(ARM_TIMEOUT_S):
            opened = (
                _open(page, origin, tab)
                for tab, (page, origin) in enumerate(zip(pages, origins, strict=True))
            )
            await asyncio.gather(*opened)
    except (DriverError, TimeoutError) as problem:
        reason = first_line(problem) or f"no answer within {ARM_TIMEOUT_S:g} s"
        raise BrowserError(f"No page of {origins[0]} could be opened to send from: {reason}.") from problem


async def _open(page: Page, origin: str, tab: int) -> None:
    for place in _PAGES:
        try:
            # Equal addresses would queue for the lock of one cache entry.
            await page.goto(f"{origin}/{place}?tab={tab + 1}", wait_until="commit")
        except DriverError as problem:
            if place == _PAGES[-1] or _EMPTY not in str(problem):
                raise
            with suppress(DriverError):  # the browser's own page must have come, or it interrupts the next
                await page.wait_for_url("chrome-error://**", wait_until="load", timeout=OWN_PAGE_MS)
        else:
            return


async def send(
    pages: Sequence[Page], urls: Sequence[str], target: Target, timeout_s: float, finished: Finished
) -> Released:
    """Page i sends the target's method and body to urls[i]; all at one instant."""
    at_ms = time.time() * 1000 + HEAD_START_S * 1000
    released_ns = time.monotonic_ns() + round(HEAD_START_S * 1e9)
    body = None if target.body is None else base64.b64encode(target.body).decode()
    sends = [
        asyncio.create_task(
            _one(page, tab, {"at": at_ms, "url": url, "method": target.method, "body": body}, finished)
        )
        for tab, (page, url) in enumerate(zip(pages, urls, strict=True))
    ]
    try:
        _, late = await asyncio.wait(sends, timeout=timeout_s + HEAD_START_S)
    finally:
        for task in sends:
            task.cancel()
        await asyncio.gather(*sends, return_exceptions=True)
    lines = []
    for tab, task in enumerate(sends):
        status, error, done_ns = (
            (None, f"no answer within {round(timeout_s, 1):g} s", None) if task in late else task.result()
        )
        lines.append(
            ClientLine(tab, urls[tab], released_ns=released_ns, done_ns=done_ns, status=status, error=error)
        )
    return Released(released_ns, time.monotonic_ns(), lines)


async def _one(
    page: Page, tab: int, what: dict[str, object], finished: Finished
) -> tuple[int | None, str | None, int | None]:
    status: int | None = None
    error: str | None = None
    try:
        status = int(await page.evaluate(_SEND, what))
    except DriverError as problem:
        error = first_line(problem)[:120]
    finished()
    return status, error, time.monotonic_ns()
