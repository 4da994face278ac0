"""`browserconc diagnose` as a user runs it, against servers that it knows nothing about."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.live.command import run
from tests.live.small_servers import refused_port

pytestmark = pytest.mark.live

SLOW_S = 0.4
SECRET = "hush-4711"
PAGE = b"<h1>Report</h1><script>fetch('/api/numbers').then(r => r.text())</script>"


class _Site(BaseHTTPRequestHandler):
    """A quick page whose one part is slow, and everything that a user's URL may turn out to be."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        match path:
            case "/report":
                self._say(PAGE, "text/html")
            case "/api/numbers":
                time.sleep(SLOW_S)
                self._say(b"[1, 2, 3]")
            case "/members":
                self._say(b"welcome", status=200 if SECRET in self.headers.get("Cookie", "") else 401)
            case "/circle":
                self._say(b"", status=302, Location="/circle")
            case "/file":
                self._say(b"x" * 64, "application/octet-stream", Content_Disposition="attachment")
            case "/endless":
                self.send_response(200)
                self.end_headers()
                while True:
                    self.wfile.write(b"more ")
                    time.sleep(0.1)
            case _:
                self._say(b"nothing here", status=404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(SLOW_S)
        self._say(b"ordered")

    def _say(self, body: bytes, kind: str = "text/plain", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of the usual five, twelve connections at once lose some, and a second

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of an answer is no error of the test."""


@contextmanager
def site() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


def busy() -> float:
    """How many processes wanted each core; a promise of seconds holds for a machine that is free."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def test_the_slow_part_of_a_page_is_named_and_no_secret_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    secrets = ("--cookie", f"sid={SECRET}", "--header", f"X-Tenant: {SECRET}")
    with site() as origin:
        options = ("--tabs", "4", "--out", str(out), "--json", "-", *secrets)
        ended = run(tmp_path, "diagnose", f"{origin}/report", *options)
    assert ended.code == 0, ended.stderr
    result = json.loads(ended.stdout)
    conclusion = result["conclusion"]
    assert (conclusion["culprit"], conclusion["cause"], conclusion["limit"]) == ("browser", "cache-lock", 1)
    assert urlsplit(conclusion["url"]).path == "/api/numbers"
    assert "/api/numbers" in " ".join(conclusion["because"])
    assert conclusion["server_limit"] is None
    assert conclusion["remedies"]
    assert all(remedy["proven"] for remedy in conclusion["remedies"])
    tabs = next(trial for trial in result["trials"] if trial["strategy"] == "tabs")
    assert {request["tab"] for request in tabs["requests"]} == {0, 1, 2, 3}
    for request in tabs["requests"]:
        lasted_s = request["end_s"] - request["start_s"]
        assert sum(s["end_s"] - s["start_s"] for s in request["slices"]) == pytest.approx(lasted_s, abs=1e-6)
    kept = [path for path in out.rglob("*") if path.is_file()]
    assert len(kept) > 8
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
    shown = run(tmp_path, "report", str(out))
    assert "/api/numbers" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_what_is_parallel_is_said_to_be_and_soon(tmp_path: Path) -> None:
    with site() as origin:
        began = time.monotonic()
        options = ("--tabs", "4", "--method", "POST", "--body", "a=1", "--json", "-")
        ended = run(tmp_path, "diagnose", f"{origin}/order", *options)
        took_s = time.monotonic() - began
    assert ended.code == 0, ended.stderr
    conclusion = json.loads(ended.stdout)["conclusion"]
    assert (conclusion["culprit"], conclusion["cause"]) == (None, None)
    assert took_s < 20 * max(1.0, busy())


def test_who_logs_in_is_let_in(tmp_path: Path) -> None:
    script = tmp_path / "login.py"
    script.write_text(
        "async def login(page):\n"
        "    await page.context.add_cookies([{'name': 'sid', 'value': '"
        + SECRET
        + "', 'domain': '127.0.0.1', 'path': '/'}])\n"
    )
    with site() as origin:
        refused = run(tmp_path, "diagnose", f"{origin}/members", "--quiet")
        let_in = run(
            tmp_path, "diagnose", f"{origin}/members", "--tabs", "2", "--quiet", "--login", str(script)
        )
    assert refused.code == 3
    assert "answers 401" in refused.sentence()
    assert "--login" in refused.sentence()
    assert let_in.code == 0, let_in.stderr


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/circle", "redirects in a circle"),
        ("/file", "a download"),
        ("/endless", "in time"),
    ],
)
def test_a_url_that_no_tab_can_show_is_a_sentence(tmp_path: Path, path: str, said: str) -> None:
    with site() as origin:
        ended = run(tmp_path, "diagnose", f"{origin}{path}", "--timeout", "2", "--quiet")
    assert ended.code == 3
    assert said in ended.sentence()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"http://127.0.0.1:{refused_port()}/", "cannot be reached"),
        ("http://no-such-host.invalid/", "does not resolve"),
        ("ftp://127.0.0.1/file", "http://"),
        ("http://192.0.2.1.invalid.:99999/", "not a URL"),
        ("https://8.8.8.8/", "--i-may-load-this-host"),
    ],
)
def test_a_place_that_cannot_or_must_not_be_loaded_is_a_sentence(tmp_path: Path, url: str, said: str) -> None:
    ended = run(tmp_path, "diagnose", url, "--quiet")
    assert ended.code == 3
    assert said in ended.sentence()
