"""The middleware changes nothing of an application, and its ledger tells of every request and no secret."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask, Response, request
from werkzeug.test import Client

from browserconc.evidence import ledger
from browserconc.middleware import VARIABLE, asgi, wsgi


def flask_app() -> Flask:
    app = Flask("stranger")

    @app.get("/hello")
    def hello() -> str:
        return "hello " + request.args.get("name", "")

    @app.get("/stream")
    def stream() -> Response:
        return Response(iter([b"one", b"two"]))

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret")

    return app


def test_a_flask_application_writes_its_ledger(tmp_path: Path) -> None:
    app, path = flask_app(), tmp_path / ledger.FILE
    app.wsgi_app = wsgi(app.wsgi_app, path)  # type: ignore[method-assign]
    client = app.test_client()
    headers = {"Authorization": "secret", "Cookie": "session=secret"}
    assert client.get("/hello?name=you", headers=headers, buffered=True).text == "hello you"
    assert client.get("/stream", buffered=True).text == "onetwo"
    assert client.get("/broken", buffered=True).status_code == 500
    found = ledger.tracks(path)
    assert [(track.url, track.facts["status"]) for track in found] == [
        ("/hello?name=you", 200),
        ("/stream", 200),
        ("/broken", 500),
    ]
    assert all((service := track.span("service")) and service.end_ns for track in found)
    assert "secret" not in path.read_text()


def test_any_wsgi_callable_will_do_and_is_closed(tmp_path: Path) -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterable[bytes]:
            yield b"x"

        def close(self) -> None:
            closed.append(True)

    def application(environ: dict[str, Any], start_response: Any) -> Body:  # as Django's handler answers
        start_response("201 Created", [("Content-Length", "1")])
        return Body()

    client = Client(wsgi(application, tmp_path / ledger.FILE))  # type: ignore[arg-type]
    assert client.post("/made", buffered=True).data == b"x"
    assert closed == [True]
    (track,) = ledger.tracks(tmp_path / ledger.FILE)
    assert (track.facts["method"], track.facts["status"]) == ("POST", 201)


SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/ü",
    "raw_path": b"/%C3%BC",
    "query_string": b"a=1",
    "headers": [(b"host", b"h:1"), (b"cookie", b"session=secret")],
    "client": ("127.0.0.1", 50_000),
}


def asked(application: Any, scope: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    return sent


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"he", "more_body": True})
    await send({"type": "http.response.body", "body": b"llo"})


def test_an_asgi_application_writes_its_ledger(tmp_path: Path) -> None:
    path = tmp_path / ledger.FILE
    ends_before_the_background: list[int] = []

    async def with_a_background_task(scope: Any, receive: Any, send: Any) -> None:
        await hello(scope, receive, send)
        ends_before_the_background.append(path.read_text().count('"e":"end"'))

    sent = asked(asgi(with_a_background_task, path), SCOPE)
    assert b"".join(message.get("body", b"") for message in sent) == b"hello"
    assert ends_before_the_background == [1]
    (track,) = ledger.tracks(path)
    assert (track.url, track.local_port) == ("/%C3%BC?a=1", 50_000)
    assert (track.facts["host"], track.facts["status"], track.facts["error"]) == ("h:1", 200, None)
    assert "secret" not in path.read_text()


def test_what_fails_is_raised_on_and_noted(tmp_path: Path) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("secret")

    with pytest.raises(RuntimeError):
        asked(asgi(broken, tmp_path / ledger.FILE), SCOPE)
    (track,) = ledger.tracks(tmp_path / ledger.FILE)
    assert track.facts["error"] == "RuntimeError"
    assert "secret" not in (tmp_path / ledger.FILE).read_text()


def test_what_is_no_http_is_let_through(tmp_path: Path) -> None:
    async def lifespan(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})

    assert asked(asgi(lifespan, tmp_path / ledger.FILE), {"type": "lifespan"}) == [
        {"type": "lifespan.startup.complete"}
    ]
    assert ledger.tracks(tmp_path / ledger.FILE) == []


def test_a_fastapi_application(tmp_path: Path) -> None:
    app = FastAPI()

    @app.get("/items/{number}")
    async def item(number: int) -> dict[str, int]:
        return {"number": number}

    path = "/items/7"
    scope = SCOPE | {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    sent = asked(asgi(app, tmp_path / ledger.FILE), scope | {"http_version": "1.1", "scheme": "http"})
    assert sent[0]["status"] == 200
    assert b'{"number":7}' in [message.get("body") for message in sent]
    (track,) = ledger.tracks(tmp_path / ledger.FILE)
    assert (track.url, track.facts["status"]) == (path, 200)


def test_without_a_word_of_where_nothing_is_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert asgi(hello) is hello
    assert wsgi(flask_app) is flask_app  # type: ignore[arg-type, comparison-overlap]
    monkeypatch.setenv(VARIABLE, str(tmp_path / "said.jsonl"))
    asked(asgi(hello), SCOPE)
    assert len(ledger.tracks(tmp_path / "said.jsonl")) == 1


def test_a_ledger_that_cannot_be_written_warns_and_changes_nothing(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        assert asgi(hello, tmp_path / "none" / "ledger") is hello


def test_it_is_light_to_import() -> None:
    heavy = "{'playwright', 'flask', 'rich', 'psutil', 'h11', 'click', 'asyncio'}"
    program = f"import sys, browserconc.middleware; print({heavy} & set(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert said.stdout.strip() == "set()"
