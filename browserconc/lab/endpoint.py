"""The slow Flask application: the work that the clients ask for, chosen by the query.

It knows nothing of servers, ledgers or browsers. Every answer to a valid request is the same
tiny HTML page, with an icon in a data: URL so that no browser fetches /favicon.ico, and without
any cache header unless `cache-control=` asks for one, as a beginner's view has none.

    /slow?delay=0.5               sleeps
    /cpu?seconds=0.1              burns CPU time of its own thread
    /stream?delay=1&chunks=10     headers at once, then the body spread over the delay
    /barrier?k=6&timeout=10       answers when k requests are inside together, 503 at the time-out
    /page?resources=5&delay=0.1   a page with sub-resources (`crawled_page.py`)
    /events?delay=0.5             Server-Sent Events: the first after the delay, then the stream stays open
    /websocket?delay=0.5          a WebSocket's handshake; `hold=` seconds later it is closed
    /ready                        answers at once: a page of this origin to start from
    /                             what is in flight now, for people (`status_page.py`)

The pages take `size=` (bytes of body), `cache-control=` and `as=image` (a GIF instead of a page).
Other keys (`tab=3`) only make a URL distinct. Durations are in seconds. A bad value is answered 400
with one sentence (`query.py`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_sock import Sock
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from browserconc.lab import crawled_page, event_stream, query, status_page
from browserconc.lab.query import QueryError

WEBSOCKET = "/websocket"


class Barrier:
    """Lets requests go on in groups of k, when k of them are inside together.

    It counts within one process: under a server with several processes a group must fit into
    one of them. Groups of different k do not see each other.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, int] = {}
        self._groups: dict[int, int] = {}

    def wait(self, k: int, timeout_s: float) -> bool:
        """Waits for k - 1 others; False when they are not there in time."""
        with self._changed:
            mine = self._groups.get(k, 0)
            self._waiting[k] = self._waiting.get(k, 0) + 1
            if self._waiting[k] == k:
                self._waiting[k] = 0
                self._groups[k] = mine + 1
                self._changed.notify_all()
                return True
            if self._changed.wait_for(lambda: self._groups.get(k, 0) != mine, timeout_s):
                return True
            self._waiting[k] -= 1
            return False


def create_app(ledger: Path | None = None) -> Flask:
    """The application. It is made where it serves: after gevent's patching, after a fork.

    Args:
        ledger: what the status page reads.
    """
    app = Flask(__name__, static_folder=None)
    barrier = Barrier()

    @app.get("/slow")
    def slow() -> Response:
        delay = query.number(request.args, "delay", 0.5)
        page = query.page(request.args)
        time.sleep(delay)
        return _response(page)

    @app.get("/cpu")
    def cpu() -> Response:
        seconds = query.number(request.args, "seconds", 0.1)
        page = query.page(request.args)
        query.burn(seconds)
        return _response(page)

    @app.get("/stream")
    def stream() -> Response:
        delay = query.number(request.args, "delay", 1.0)
        chunks = query.count(request.args, "chunks", 10, 1, query.MOST_CHUNKS)
        response = _response(query.page(request.args))
        body = response.get_data()
        response.response = _spread(body, chunks, delay / chunks)
        response.content_length = len(body)
        return response

    @app.get("/barrier")
    def rendezvous() -> Response:
        k = query.count(request.args, "k", 2, 1, query.MOST_TOGETHER)
        timeout = query.number(request.args, "timeout", 10.0)
        page = query.page(request.args)
        if not barrier.wait(k, timeout):
            raise ServiceUnavailable(f"Fewer than {k} requests were inside together within {timeout:g} s.")
        return _response(page)

    @app.get("/page")
    @app.get("/resource/<name>")
    def crawled(name: str = "") -> Response:
        answer = crawled_page.answer(request.path, request.args)
        assert answer, "the routes are those of crawled_page"
        kind, body, delay = answer
        time.sleep(delay)
        return Response(body, mimetype=kind)

    @app.get("/events")
    def events() -> Response:
        delay = query.number(request.args, "delay", 0.5)
        return Response(event_stream.events(delay), mimetype=event_stream.TYPE, headers=event_stream.HEADERS)

    @app.before_request
    def before_the_handshake() -> None:
        if request.path == WEBSOCKET:  # Flask-Sock answers the handshake before it calls the view
            time.sleep(query.number(request.args, "delay", 0.5))

    @Sock(app).route(WEBSOCKET)  # type: ignore[untyped-decorator, unused-ignore]
    def websocket(connection: Any) -> None:
        connection.receive(timeout=query.number(request.args, "hold", 0.0))

    @app.get("/ready")
    def ready() -> Response:
        return _response(query.page(request.args))

    @app.get("/")
    def status() -> Response:
        return Response(status_page.page(ledger), mimetype="text/html")

    @app.get("/favicon.ico")
    def favicon() -> Response:
        return Response(status=204)

    @app.errorhandler(HTTPException)
    def sentence(problem: HTTPException) -> Response:
        return Response(f"{problem.description}\n", problem.code, mimetype="text/plain")

    @app.errorhandler(QueryError)
    def refusal(problem: QueryError) -> Response:
        return Response(f"{problem}\n", 400, mimetype="text/plain")

    return app


def _response(page: query.Page) -> Response:
    response = Response(page.body(), mimetype=page.media_type)
    if page.control is not None:
        response.headers["Cache-Control"] = page.control
    return response


def _spread(body: bytes, chunks: int, pause_s: float) -> Iterator[bytes]:
    first, *others = query.pieces(body, chunks)
    yield first
    for piece in others:
        time.sleep(pause_s)
        yield piece
