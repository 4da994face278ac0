"""The user's own application and server, and HTTP/2, as a user measures them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.command import run

pytestmark = pytest.mark.live

SHOP = """
import time
from flask import Flask

app = Flask(__name__)

@app.get("/report")
def report():
    time.sleep(0.3)
    return "ok"

async def asynchronous(scope, receive, send):
    if scope["type"] == "http":
        time.sleep(0.2)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def trials(place: Path, *arguments: str) -> list[dict[str, Any]]:
    ended = run(place, "compare", "--quiet", "--json", "-", *arguments)
    assert ended.code == 0, ended.stderr
    return json.loads(ended.stdout)["trials"]


def verdict(trial: dict[str, Any]) -> tuple[str, int | None, str | None]:
    return trial["verdict"]["kind"], trial["verdict"]["limit"], trial["verdict"]["cause"]


def test_an_application_of_the_user_s_has_an_exact_ledger(shop: Path) -> None:
    options = ("--app", "shop:app", "--path", "/report", "--server", "gunicorn-sync:2")
    (raw, *_) = trials(shop, *options, "--tabs", "6", "--strategies", "raw-socket")
    assert verdict(raw) == ("limited", 2, "server-width")
    assert raw["server"] == "gunicorn-sync:2"
    assert raw["delay_s"] is None
    assert len({request["server"]["pid"] for request in raw["requests"]}) == 2


def test_an_asgi_application_that_blocks_is_found_out(shop: Path) -> None:
    options = ("--app", "shop:asynchronous", "--server", "uvicorn", "--tabs", "6")
    (raw,) = trials(shop, *options, "--strategies", "raw-socket")
    assert verdict(raw) == ("serial", 1, "event-loop-blocked")


def test_servers_are_surveyed_with_the_user_s_application(shop: Path) -> None:
    names = ("gunicorn-sync:2", "waitress:3", "uvicorn")
    ended = run(shop, "servers", *names, "--app", "shop:app", "--path", "/report", "--quiet", "--json", "-")
    assert ended.code == 0, ended.stderr
    sync, waitress, uvicorn = json.loads(ended.stdout)["servers"]
    assert (sync["measured"], waitress["measured"]) == (2, 3)
    assert "shop:app speaks WSGI, uvicorn does not" in uvicorn["error"]


def test_another_server_is_awaited_by_connecting_and_nothing_is_made_up_about_it(shop: Path) -> None:
    command = f"{sys.executable} -m gunicorn --bind 127.0.0.1:{{port}} --workers 1 shop:app"
    options = ("--server-cmd", command, "--path", "/report", "--tabs", "4", "--strategies", "raw-socket")
    (raw,) = trials(shop, *options)
    assert raw["server"].startswith("command:python")
    assert verdict(raw) == ("undecided", None, None)
    assert "is not known without its ledger" in raw["verdict"]["doubts"][0]


def test_a_command_that_fails_shows_its_last_words(shop: Path) -> None:
    command = f"{sys.executable} -c 'raise SystemExit(\"no licence\")' {{port}}"
    ended = run(shop, "compare", "--server-cmd", command, "--strategies", "raw-socket", "--quiet")
    assert ended.code == 3
    assert "ended (exit code 1) before anybody listened" in ended.stderr
    assert "no licence" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_server_s_streams_limit_tabs_of_one_context_and_nobody_else(tmp_path: Path) -> None:
    strategies = "raw-socket,tabs-distinct,contexts"
    raw, tabs, contexts = trials(
        tmp_path, "--server", "hypercorn-h2:2", "--tabs", "6", "--strategies", strategies
    )
    assert verdict(raw) == ("concurrent", None, None)
    assert verdict(tabs) == ("limited", 2, "h2-streams")
    assert tabs["verdict"]["culprit"] == "server"
    assert verdict(contexts) == ("concurrent", None, None)
    assert any("told to trust the key" in doubt for doubt in tabs["verdict"]["doubts"])
    assert not list(tmp_path.rglob("server.key")), "a private key is no part of a recording"


def test_the_profile_with_a_backlog_of_five_drops_connections(tmp_path: Path) -> None:
    (raw, *_) = trials(tmp_path, "accept-backlog")
    assert raw["verdict"]["culprit"] == "server"
    assert raw["waiting_s"]["accept-backlog"] > 1
