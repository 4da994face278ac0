"""A program for an old Python: the slow endpoint under the `app.run()` of an old Flask.

It runs where that Flask is installed, not where browserconc is, so it imports nothing of it and
keeps to Python 3.7's words. It writes the same ledger lines as `evidence/ledger.py` and is started
with the same command line as the scripts in `lab/servers/`: NAME LEDGER DESCRIPTOR.

`app.run()` is given no option that bears on concurrency: whether it uses threads is its own choice.
The listening socket is handed over as Werkzeug's own reloader does it (WERKZEUG_SERVER_FD).
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from typing import Any, Iterator  # noqa: UP035 - as Python 3.8 has them


def main() -> None:
    """Serves until it is ended."""
    from flask import Flask, request  # noqa: PLC0415 - the old one
    from werkzeug import serving as development  # noqa: PLC0415

    serving: Any = development

    ledger = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.environ["WERKZEUG_SERVER_FD"] = sys.argv[3]
    signal = os.dup(1)
    os.dup2(2, 1)
    numbers = itertools.count(1)

    def write(**line: Any) -> None:
        # Without spaces, as the ledger's own lines are.
        os.write(ledger, json.dumps(line, separators=(",", ":")).encode() + b"\n")

    app: Any = Flask("browserconc")

    def slow() -> str:
        if request.path == "/slow":
            time.sleep(min(600.0, max(0.0, float(request.args.get("delay", 0.5)))))
        return '<!doctype html><title>browserconc</title><link rel=icon href="data:,"><p>ok\n'

    def cpu() -> str:
        end = time.thread_time() + min(600.0, float(request.args.get("seconds", 0.1)))
        while time.thread_time() < end:
            sum(range(1000))
        return "ok\n"

    for path, view in (("/slow", slow), ("/ready", slow), ("/cpu", cpu)):
        app.add_url_rule(path, path, view)
    served = app.wsgi_app

    def observed(environ: Any, start_response: Any) -> Iterator[bytes]:
        now = time.monotonic_ns()
        key = f"{os.getpid()}-{next(numbers)}-{now}"
        query = environ.get("QUERY_STRING", "")
        write(
            e="start",
            id=key,
            t=now,
            pid=os.getpid(),
            thread=threading.current_thread().name,
            port=int(environ.get("REMOTE_PORT") or 0),
            host=environ.get("HTTP_HOST", ""),
            method=environ.get("REQUEST_METHOD", ""),
            path=environ.get("PATH_INFO", "") + (f"?{query}" if query else ""),
        )
        status: list[int] = []

        def note(line: str, headers: Any, *rest: Any) -> Any:
            status.append(int(line[:3]))
            return start_response(line, headers, *rest)

        try:
            yield from served(environ, note)
        finally:
            write(e="end", id=key, t=time.monotonic_ns(), status=status[0] if status else None, error=None)

    app.wsgi_app = observed
    made = serving.make_server

    def make_server(*arguments: Any, **options: Any) -> Any:
        server = made(*arguments, **options)
        accept = server.get_request

        def get_request() -> Any:
            connection, peer = accept()
            write(e="accept", t=time.monotonic_ns(), pid=os.getpid(), port=peer[1])
            return connection, peer

        server.get_request = get_request
        server.log_startup = lambda: None
        os.write(signal, b"ready\n")
        return server

    serving.make_server = make_server
    serving.WSGIRequestHandler.log_request = lambda *arguments: None
    app.run()


if __name__ == "__main__":
    main()
