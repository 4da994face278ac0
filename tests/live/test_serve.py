"""`browserconc serve` as a user runs it."""

from __future__ import annotations

import signal
import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.live.command import Command, run

pytestmark = pytest.mark.live


def _fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("server", ["werkzeug-threaded", "gunicorn-sync:2", "uvicorn", "sanic:1"])
def test_it_serves_until_ctrl_c_and_shows_what_is_in_flight(tmp_path: Path, server: str) -> None:
    command = Command(tmp_path, "serve", "--server", server)
    assert command.process.stdout is not None
    origin = command.process.stdout.readline().strip()
    waiting = threading.Thread(target=_fetch, args=(f"{origin}slow?delay=1.5",))
    waiting.start()
    seen = ""
    while waiting.is_alive() and "<b>1</b> in flight" not in seen:
        seen = _fetch(origin)
    waiting.join()
    command.signal(signal.SIGINT)
    ended = command.end()
    assert ended.code == 130
    assert "<b>1</b> in flight" in seen
    assert "1 in flight now" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_ends_by_itself(tmp_path: Path) -> None:
    ended = run(tmp_path, "serve", "--seconds", "0.5")
    assert ended.code == 0
    assert ended.stdout.startswith("http://127.0.0.1:")


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run(tmp_path, "serve", "--port", str(port))
    assert ended.code == 3
    assert f"Port {port} is taken" in ended.sentence()
