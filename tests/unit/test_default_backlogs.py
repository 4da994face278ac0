"""The backlog that each server asks for by default is what its own package says."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import gunicorn.config
import hypercorn.config
import pytest
import uvicorn
import waitress.adjustments
import werkzeug.serving
from gevent.pywsgi import WSGIServer
from sanic import Sanic

from browserconc.lab.servers import TABLE


def _default(function: Callable[..., object]) -> object:
    return inspect.signature(function).parameters["backlog"].default


SAID = {
    "werkzeug": werkzeug.serving.BaseWSGIServer.request_queue_size,
    "gunicorn": gunicorn.config.Backlog.default,
    "gevent": WSGIServer.backlog,
    "waitress": waitress.adjustments.Adjustments.backlog,
    "uvicorn": _default(uvicorn.Config.__init__),
    "hypercorn": hypercorn.config.Config.backlog,
    "sanic": _default(Sanic.prepare),
}


@pytest.mark.parametrize("package", SAID)
def test_it_is_the_package_s_own(package: str) -> None:
    ours = {kind.backlog for name, kind in TABLE.items() if name.partition("-")[0] == package}
    assert ours == {SAID[package]}
