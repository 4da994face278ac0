"""`browserconc diagnose --workload`: tabs that ask as a page does, against a server that it does not know."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from browserconc.lab.installed_browsers import find
from browserconc.lab.process import Household
from tests.live.command import run
from tests.live.stranger import free_port, wait_for

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(find() is None, reason="needs a Chromium: browserconc doctor --install-browser"),
]


@contextmanager
def endpoint(server: str, log: Path) -> Iterator[str]:
    """The slow endpoint under one of our servers, started as a stranger would be."""
    port = free_port()
    command = [sys.executable, "-m", "browserconc", "serve", "--server", server, "--port", str(port)]
    with Household() as household:
        process = household.spawn(command, log=log)
        try:
            wait_for(port)
            yield f"127.0.0.1:{port}"
        finally:
            household.stop(process)


def diagnosed(folder: Path, url: str, *options: str) -> dict[str, Any]:
    ended = run(folder, "diagnose", url, "--quiet", "--json", "-", *options)
    assert ended.code == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def blamed(result: dict[str, Any]) -> tuple[str | None, str | None, int | None]:
    conclusion = result["conclusion"]
    return conclusion["culprit"], conclusion["cause"], conclusion["limit"]


def test_six_event_streams_keep_the_seventh_tab_waiting(tmp_path: Path) -> None:
    with endpoint("werkzeug-threaded", tmp_path / "log") as place:
        result = diagnosed(tmp_path, f"http://{place}/events?delay=0.1", "--workload", "sse", "--tabs", "7")
    assert blamed(result) == ("browser", "host-limit", 6)
    assert any("answers that stay open: /events" in line for line in result["conclusion"]["because"])
    assert result["conclusion"]["server_limit"] is None
    open_at_once = {trial["strategy"]: trial["concurrency"]["sustained"] for trial in result["trials"]}
    assert (open_at_once["tabs"], open_at_once["contexts"]) == (6, 7)
    assert {trial["workload"] for trial in result["trials"]} == {"sse"}


def test_websockets_wait_for_the_handshake_before_them(tmp_path: Path) -> None:
    with endpoint("werkzeug-threaded", tmp_path / "log") as place:
        result = diagnosed(tmp_path, f"ws://{place}/websocket?delay=0.2", "--tabs", "4")
    assert blamed(result) == ("browser", "websocket-handshake", 1)


def test_a_server_without_http2_is_a_sentence(tmp_path: Path) -> None:
    with endpoint("werkzeug-threaded", tmp_path / "log") as place:
        ended = run(tmp_path, "diagnose", f"http://{place}/", "--http", "2")
    assert ended.code == 3
    assert "does not speak HTTP/2" in ended.sentence()


def test_an_address_that_opens_no_websocket_is_shown_as_it_was_given(tmp_path: Path) -> None:
    with endpoint("werkzeug-threaded", tmp_path / "log") as place:
        ended = run(tmp_path, "diagnose", f"ws://{place}/slow")
    assert ended.code == 3
    assert f"ws://{place}/slow opens no WebSocket" in ended.sentence()
