"""The user's own application, "module:attribute", loaded in the server's process.

Modules are looked for in the working directory first, as gunicorn, uvicorn and Flask do.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import Any

from browserconc.lab.server import Interface

FORM = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(\))?")
"""`module:attribute`; with `()` behind it the attribute is a function that makes the application."""
_SERVERS = {"wsgi": "werkzeug-threaded, gunicorn-sync, gevent or waitress", "asgi": "uvicorn or hypercorn-h2"}


class AppError(Exception):
    """An application that cannot be had or does not fit the server: one sentence.

    Our own frames above it would tell the user nothing, so the process prints none from here on.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        sys.tracebacklimit = 0


def load(target: str, wanted: Interface, server: str) -> Any:
    """The application that `target` names.

    Args:
        target: such as "shop.web:app" or "shop.web:create_app()".
        wanted: what the server runs.
        server: its name, for the sentence that refuses.

    Raises:
        AppError: the module has no such attribute, or it is no application for this server. What the module
            itself raises goes through.
    """
    module_name, _, attribute = target.removesuffix("()").partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as problem:
        if problem.name is None or not f"{module_name}.".startswith(f"{problem.name}."):
            raise  # one that the user's module wants
        raise AppError(
            f"There is no module {problem.name} here: start browserconc in the folder that has it."
        ) from None
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise AppError(f"The module {module_name} has no {attribute}: --app takes module:attribute.")
        found = getattr(found, part)
    if target.endswith("()"):
        found = found()
    if not callable(found):
        raise AppError(f"{target} is {type(found).__name__}, no WSGI or ASGI application.")
    spoken = interface(found)
    if spoken != wanted:
        raise AppError(f"{target} speaks {spoken.upper()}, {server} does not: choose {_SERVERS[spoken]}.")
    return found


def interface(app: Any) -> Interface:
    """What an application speaks: ASGI ones are coroutine functions, or their __call__ is."""
    called = app if inspect.isfunction(app) or inspect.ismethod(app) else type(app).__call__
    return "asgi" if inspect.iscoroutinefunction(called) else "wsgi"
