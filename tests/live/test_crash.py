"""A tab that crashes while it is diagnosed: told at once, and nothing of it is left."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from browserconc.lab.installed_browsers import find
from tests.live.command import Command, Ended
from tests.live.small_servers import Handler, serving

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(sys.platform != "linux", reason="finds renderers by /proc"),
    pytest.mark.skipif(find() is None, reason="needs a Chromium"),
]
PAGE = b"<h1>Report</h1><script>fetch('/part').then(r => r.text())</script>"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"


def page(asked_for_its_part: Callable[[], None]) -> Handler:
    """A page and its part; of a browser's request for the part somebody is told before it is answered."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        is_part = head.startswith(b"GET /part ")
        if is_part:
            await asyncio.sleep(0.2)
            if b"\r\nUser-Agent: Mozilla" in head:
                asked_for_its_part()
        body = b"[]" if is_part else PAGE
        writer.write(HEAD % (len(body), body))
        await writer.drain()

    return handle


def diagnosed(place: Path, *, spared: int) -> Ended:
    """The end of a diagnosis whose renderers are all killed when the page asks for its part once more."""
    asked = 0
    command: Command | None = None

    def told() -> None:
        nonlocal asked
        asked += 1
        if asked == spared + 1 and command is not None:
            for process in command.household():
                if "--type=renderer" in process.cmdline():
                    process.kill()

    with serving(page(told)) as port:
        url = f"http://127.0.0.1:{port}/report"
        command = Command(place, "diagnose", url, "--tabs", "3", "--json", "-", "--quiet")
        return command.end()


def test_a_page_that_crashes_alone_is_a_sentence(tmp_path: Path) -> None:
    ended = diagnosed(tmp_path, spared=0)
    assert ended.code == 3
    assert "The tab crashed while it loaded" in ended.sentence()


def test_tabs_that_crash_leave_it_undecided(tmp_path: Path) -> None:
    ended = diagnosed(tmp_path, spared=1)
    assert ended.code == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert result["conclusion"]["cause"] is None
    tabs = next(trial for trial in result["trials"] if trial["strategy"] == "tabs")
    assert tabs["verdict"]["kind"] == "undecided"
    assert "could not load: the tab crashed" in tabs["verdict"]["doubts"][0]
