"""What the user brings along, an application or a command: what is taken, and the sentence that refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from browserconc import profile
from browserconc.lab import command_server, users_app
from browserconc.lab.servers import TABLE, chosen
from browserconc.profile import UsageError


async def asgi(scope: Any, receive: Any, send: Any) -> None: ...


class AsgiObject:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize(
    ("app", "spoken"),
    [
        (asgi, "asgi"),
        (AsgiObject(), "asgi"),
        (AsgiObject().__call__, "asgi"),
        (Flask("x"), "wsgi"),
        (lambda environ, start: [], "wsgi"),
    ],
)
def test_what_an_application_speaks(app: Callable[..., Any], spoken: str) -> None:
    assert users_app.interface(app) == spoken


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    monkeypatch.setattr("sys.tracebacklimit", None, raising=False)
    (tmp_path / "bcshop.py").write_text(
        "import types\ndef app(environ, start): return []\ndef make(): return app\nname = 'x'\n"
        "inner = types.SimpleNamespace(app=app)\nasync def asgi(scope, receive, send): ...\n"
    )
    (tmp_path / "bcbroken.py").write_text("import no_such_module_at_all\n")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("target", ["bcshop:app", "bcshop:make()", "bcshop:inner.app"])
def test_applications_are_found_by_attribute_and_by_factory(target: str) -> None:
    assert users_app.load(target, "wsgi", "gevent").__name__ == "app"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("bcshop:nope", "has no nope"),
        ("bcshop:name", "is str, no WSGI or ASGI application"),
        ("bcshop:asgi", "speaks ASGI, gevent does not: choose uvicorn"),
        ("bcnone:app", "There is no module bcnone here"),
    ],
)
def test_what_cannot_be_had_is_refused_in_a_sentence(target: str, said: str) -> None:
    with pytest.raises(users_app.AppError, match=said):
        users_app.load(target, "wsgi", "gevent")


@pytest.mark.usefixtures("shop")
def test_what_the_user_s_own_module_lacks_is_shown_as_it_is() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        users_app.load("bcbroken:app", "wsgi", "gevent")


@pytest.mark.parametrize("text", ["", "serve --port 80", "{port}", "serve '{port}"])
def test_a_command_without_a_place_for_its_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The server's command [^\n]+\.$"):
        command_server.parse(text)


def test_a_command_is_called_by_its_program_alone() -> None:
    server = command_server.parse("/opt/bin/serve --key s3cret --bind 127.0.0.1:{port}")
    assert server.spec == "command:serve"
    assert server.model == "unknown"


@pytest.mark.parametrize("name", TABLE)
def test_a_server_that_runs_no_application_says_which_do(name: str) -> None:
    if TABLE[name].interface:
        assert chosen(name, app="a.b:c").app == "a.b:c"
    else:
        with pytest.raises(
            ValueError, match=r"runs no application of yours\. Choose one of werkzeug-threaded"
        ):
            chosen(name, app="a.b:c")


@pytest.mark.parametrize(
    "options",
    [
        {"app": "shop"},
        {"app": "shop:app", "server": "sanic"},
        {"server_cmd": "serve"},
        {"server_cmd": "serve {port}", "server": "gevent"},
        {"server_cmd": "serve {port}", "app": "a:b"},
        {"server_cmd": "serve {port}", "backlog": 5},
        {"path": "/x"},
        {"app": "a:b", "path": "x"},
        {"app": "a:b", "path": "/x y"},
        {"backlog": 0},
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]+\.$"):
        profile.plan(**options)


def test_how_long_the_user_s_own_address_takes_is_unknown_unless_said() -> None:
    plan = profile.plan(app="a:b", strategies="raw-socket")
    assert [(t.app, t.path, t.delay_s) for t in plan.trials] == [("a:b", "/", None)]
    plan = profile.plan(server_cmd="serve {port}", path="/x", delay=2.0, strategies="raw-socket")
    assert [(t.server, t.path, t.delay_s) for t in plan.trials] == [("command:serve", "/x", 2.0)]
