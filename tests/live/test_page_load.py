"""When a tab counts as loaded: also a document that never ends, if what is waited for is there."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from browserconc.lab.browser import Browsers
from browserconc.lab.installed_browsers import find
from browserconc.lab.page_load import PageLoads
from browserconc.lab.process import Household
from browserconc.model.plan import BrowserChoice
from tests.live.small_servers import serving

pytestmark = [pytest.mark.live, pytest.mark.skipif(find() is None, reason="needs a Chromium")]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Log</h1>"


async def on_and_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD)
    while True:
        writer.write(b"<p>more" * 200)
        await writer.drain()
        await asyncio.sleep(0.1)


async def arrival(url: str, folder: Path, wait_for: str = "h1") -> tuple[int | None, int]:
    with Household() as household:
        async with Browsers(household, BrowserChoice(), netlogs=folder) as browsers:
            tabs = await browsers.isolated_tabs(1)
            loads = PageLoads(tabs.pages, wait_for, gates=())
            try:
                return await loads.arrive(tabs.pages[0], 0, url, 20)
            finally:
                loads.stop()
                await tabs.close()


def test_a_document_without_end_is_loaded_when_what_is_waited_for_is_there(tmp_path: Path) -> None:
    with serving(on_and_on) as port:
        before_ns = time.monotonic_ns()
        status, loaded_ns = asyncio.run(arrival(f"http://127.0.0.1:{port}/", tmp_path))
    assert status == 200
    assert before_ns < loaded_ns < time.monotonic_ns()


ANSWERED_S = 0.5


async def never_read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A page that calls fetch() and does not look at the answer; PHP's sessions make it no-store."""
    asked = await reader.readuntil(b"\r\n\r\n")
    page, head = b"<h1>Shop</h1><script>fetch('/seen')</script>", HEAD.partition(b"<")[0]
    if asked.startswith(b"GET /seen"):
        await asyncio.sleep(ANSWERED_S)
        page, head = b"noted", head.replace(b"\r\n\r\n", b"\r\nCache-Control: no-store\r\n\r\n")
    writer.write(head + page)
    writer.close()


def test_an_answer_that_the_page_does_not_read_is_there_with_its_headers(tmp_path: Path) -> None:
    """Of a no-store body Chromium tells the end only when a script has read it."""
    with serving(never_read) as port:
        before_ns = time.monotonic_ns()
        status, loaded_ns = asyncio.run(arrival(f"http://127.0.0.1:{port}/", tmp_path, "rest"))
        took_ns = time.monotonic_ns() - before_ns
    assert status == 200
    assert before_ns + ANSWERED_S * 1e9 < loaded_ns <= before_ns + took_ns - 4e9
