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
from pathlib import Path

from browserconc.evidence.ledger import VARIABLE, Application, Ledger
from browserconc.evidence.ledger_asgi import AsgiApplication, around_asgi

__all__ = ["VARIABLE", "asgi", "wsgi"]


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
    return around_asgi(account, application) if account else application


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
