"""The servers that the slow endpoint runs under: the table of their names, and how one is chosen."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from browserconc.lab import command_server, running, users_app
from browserconc.lab.certificate import Certificate
from browserconc.lab.process import Household
from browserconc.lab.running import BACKLOG, LOOPBACK, Running, ServerError
from browserconc.lab.server import LARGEST, Kind, Server
from browserconc.lab.servers import (
    flask_releases,
    gevent,
    gunicorn,
    hypercorn_h2,
    sanic,
    uvicorn,
    waitress,
    werkzeug,
)

TABLE: dict[str, Kind] = {
    "werkzeug-threaded": werkzeug.THREADED,
    "werkzeug-single": werkzeug.SINGLE,
    "werkzeug-forking": werkzeug.FORKING,
    "gunicorn-sync": gunicorn.SYNC,
    "gunicorn-gthread": gunicorn.GTHREAD,
    "gunicorn-gevent": gunicorn.GEVENT,
    "gevent": gevent.GEVENT,
    "waitress": waitress.WAITRESS,
    "sanic": sanic.SANIC,
    "uvicorn": uvicorn.UVICORN,
    "hypercorn-h2": hypercorn_h2.HYPERCORN_H2,
    "flask-0.12": flask_releases.FLASK_0_12,
    "flask-1.0": flask_releases.FLASK_1_0,
}

__all__ = ["TABLE", "Running", "Server", "ServerError", "chosen", "parse", "start"]


def chosen(spec: str, *, app: str | None = None, command: str | None = None) -> Server:
    """The server of a trial: one of ours, perhaps with the user's application, or the user's command.

    Raises:
        ValueError: there is none such; one sentence with the choices.
    """
    if command is not None:
        return command_server.parse(command)
    server = parse(spec)
    if app is None:
        return server
    if not users_app.FORM.fullmatch(app):
        raise ValueError(f"{app!r} is no application: write module:attribute, such as shop.web:app.")
    if server.kind.interface is None:
        able = ", ".join(name for name, kind in TABLE.items() if kind.interface)
        raise ValueError(f"{server.kind.name} runs no application of yours. Choose one of {able}.")
    return replace(server, app=app)


async def start(
    household: Household,
    server: Server,
    folder: Path,
    *,
    port: int = 0,
    backlog: int | None = None,
    certificate: Certificate | None = None,
    address: str = LOOPBACK,
) -> Running:
    """Starts any of them, see `running.start` and `command_server.start`.

    Raises:
        ServerError: it did not start.
    """
    if server.command:
        return await command_server.start(household, server, folder, port=port)
    return await running.start(
        household,
        server,
        folder,
        port=port,
        backlog=backlog or BACKLOG,
        certificate=certificate,
        address=address,
    )


def parse(spec: str) -> Server:
    """The server that "gunicorn-sync", "gunicorn-sync:4" or "gunicorn-gthread:2x4" names.

    Sizes that are left out get the kind's default.

    Raises:
        ValueError: an unknown name, or sizes that do not fit; one sentence with the choices.
    """
    name, colon, size = spec.strip().partition(":")
    kind = TABLE.get(name)
    if kind is None:
        longer = [each for each in TABLE if name and each.startswith(name)]  # gunicorn is not uvicorn
        near = longer or get_close_matches(name, TABLE, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(f"There is no server {name!r}: {hint}Choose one of {', '.join(TABLE)}.")
    if not colon:
        return Server(kind, kind.sizes)
    if not kind.sizes:
        raise ValueError(f"{name} takes no size: write {name}, not {spec!r}.")
    example = f"{name}:{'x'.join(map(str, kind.sizes))}"
    if not re.fullmatch(r"[0-9]{1,9}(x[0-9]{1,9})?", size):
        raise ValueError(f"{size!r} is no size of {name}: write for example {example}.")
    sizes = tuple(map(int, size.split("x")))
    if len(sizes) != len(kind.sizes):
        raise ValueError(f"{name} takes {len(kind.sizes)} size(s): write for example {example}.")
    if not all(1 <= each <= LARGEST for each in sizes):
        raise ValueError(f"A size of {name} is from 1 to {LARGEST}, unlike {size!r}.")
    return Server(kind, sizes)
