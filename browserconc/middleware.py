"""One line in the user's own application, and its ledger says exactly when it worked on each request.

    from browserconc.middleware import wsgi        # Flask, Django, every WSGI application
    app.wsgi_app = wsgi(app.wsgi_app)              # or: application = wsgi(application)

    from browserconc.middleware import asgi        # FastAPI, Starlette, every ASGI application
    app = asgi(app)

Without the environment variable BROWSERCONC_LEDGER (or the argument) the application is given back as it
is, so the line may stay. The file's lines are those of `evidence/ledger.py`: no header but Host, no cookie,
no body; the path with its query. It may be written by any number of threads and processes.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from browserconc.evidence.ledger import Application, Ledger

VARIABLE = "BROWSERCONC_LEDGER"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Message, Receive, Send], Awaitable[None]]


def wsgi(application: Application, ledger: str | os.PathLike[str] | None = None) -> Application:
    """The same WSGI application, which writes a ledger where it is told to.

    Args:
        application: what the server would call.
        ledger: the file that lines are appended to; without it the variable BROWSERCONC_LEDGER says where.
    """
    account = _opened(ledger)
    return account.around(application) if account else application


def asgi(application: AsgiApplication, ledger: str | os.PathLike[str] | None = None) -> AsgiApplication:
    """The same ASGI application, which writes a ledger of its HTTP requests where it is told to.

    Args:
        application: what the server would call; put it in last, for what is given back has none of its
            attributes.
        ledger: as for `wsgi`.
    """
    account = _opened(ledger)
    if account is None:
        return application

    async def observed(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _visit(account, application, scope, receive, send)
        else:
            await application(scope, receive, send)

    return observed


def _opened(place: str | os.PathLike[str] | None) -> Ledger | None:
    """The ledger; None if none is wanted, or with a warning if it cannot be written."""
    path = os.fspath(place) if place is not None else os.environ.get(VARIABLE)
    if not path:
        return None
    try:
        return Ledger(Path(path))
    except OSError as problem:
        why = f"The ledger {path} cannot be written ({problem.strerror}), so requests are not noted."
        warnings.warn(why, RuntimeWarning, stacklevel=3)
        return None


async def _visit(
    ledger: Ledger, application: AsgiApplication, scope: Message, receive: Receive, send: Send
) -> None:
    """One request; its end is its last byte handed over, for background tasks may follow."""
    key = ledger.started(
        port=(scope.get("client") or ("", 0))[1] or 0,
        host=_host(scope),
        method=scope["method"],
        path=_path(scope),
    )
    status: int | None = None
    ended = False

    def end(problem: BaseException | None) -> None:
        nonlocal ended
        if not ended:
            ended = True
            ledger.ended(key, status, problem)

    async def noting(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            end(None)

    try:
        await application(scope, receive, noting)
    except BaseException as problem:
        end(problem)
        raise
    end(None)


def _host(scope: Message) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


def _path(scope: Message) -> str:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else scope["path"]
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else str(path)
