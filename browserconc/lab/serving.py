"""Inside a server's process: what its command line says, its socket, its ledger, its signal.

Used by the scripts in `lab/servers/` only. It imports no server and no application, so that a
script can patch the standard library first and load Flask where and when its server would.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from browserconc.evidence.ledger import Application, Ledger
from browserconc.evidence.ledger_asgi import AsgiApplication, around_asgi
from browserconc.lab import users_app


@dataclass(frozen=True, slots=True)
class Orders:
    """What the command line asks for; `_signal` is the pipe on which readiness is reported.

    `app` is the user's own application, None for the slow endpoint; `certificate` the files of chain and
    private key, None without TLS.
    """

    name: str
    ledger: Path
    descriptor: int
    sizes: tuple[int, ...]
    app: str | None
    backlog: int
    certificate: tuple[str, str] | None
    _signal: int

    def listener(self) -> socket.socket:
        """The inherited socket, which listens already."""
        return socket.socket(fileno=self.descriptor)

    def ready(self) -> None:
        """Says that this process, or this worker, is up."""
        with contextlib.suppress(OSError):  # a worker that was replaced later: nobody waits for it
            os.write(self._signal, b"ready\n")


def orders() -> Orders:
    """Reads the command line: NAME LEDGER DESCRIPTOR JSON; standard output becomes the log's."""
    name, ledger, descriptor, rest = sys.argv[1:]
    signal = os.dup(1)
    os.dup2(2, 1)
    _raise_file_limit()
    said = json.loads(rest)
    sizes, pair = tuple(map(int, said["sizes"])), said["certificate"]
    certificate = (str(pair[0]), str(pair[1])) if pair else None
    return Orders(
        name, Path(ledger), int(descriptor), sizes, said["app"], said["backlog"], certificate, signal
    )


def wsgi(orders: Orders, ledger: Ledger) -> Application:
    """The slow endpoint, or the user's application, with the ledger around it."""
    if orders.app:
        return ledger.around(users_app.load(orders.app, "wsgi", orders.name))
    from browserconc.lab.endpoint import create_app  # noqa: PLC0415 - not before gevent has patched

    return ledger.around(create_app(ledger.path).wsgi_app)


def asgi(orders: Orders, ledger: Ledger) -> AsgiApplication:
    """The asynchronous slow endpoint, or the user's application, with the ledger around it."""
    if orders.app:
        return around_asgi(ledger, users_app.load(orders.app, "asgi", orders.name))
    from browserconc.lab.async_endpoint import create_app  # noqa: PLC0415 - not needed for WSGI

    return around_asgi(ledger, create_app(ledger.path))


def _raise_file_limit() -> None:
    """Every connection takes a descriptor: a thousand clients do not fit the usual soft limit."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Unix only

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):  # macOS refuses "unlimited"
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
