"""The slow Flask application: the work that the clients ask for, chosen by the query.

It knows nothing of servers, ledgers or browsers. Every answer to a valid request is the same
tiny HTML page, with an icon in a data: URL so that no browser fetches /favicon.ico, and without
any cache header unless `cache-control=` asks for one, as a beginner's view has none.

    /slow?delay=0.5               sleeps
    /cpu?seconds=0.1              burns CPU time of its own thread
    /stream?delay=1&chunks=10     headers at once, then the body spread over the delay
    /barrier?k=6&timeout=10       answers when k requests are inside together, 503 at the time-out
    /ready                        answers at once: a page of this origin to start from

All take `size=` (bytes of body) and `cache-control=`. Other keys (`tab=3`) only make a URL
distinct. Durations are in seconds. A bad value is answered 400 with one sentence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, HTTPException, ServiceUnavailable

LONGEST_S = 600.0
LARGEST_BYTES = 100_000_000
MOST_CHUNKS = 10_000
MOST_TOGETHER = 10_000

_PAGE = b'<!doctype html><title>browserconc</title><link rel=icon href="data:,"><p>ok\n'


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


def create_app() -> Flask:
    """The application. It is made where it serves: after gevent's patching, after a fork."""
    app = Flask(__name__, static_folder=None)
    barrier = Barrier()

    @app.get("/slow")
    def slow() -> Response:
        delay = _number("delay", 0.5, LONGEST_S)
        page = _asked_page()
        time.sleep(delay)
        return page.response()

    @app.get("/cpu")
    def cpu() -> Response:
        seconds = _number("seconds", 0.1, LONGEST_S)
        page = _asked_page()
        _burn(seconds)
        return page.response()

    @app.get("/stream")
    def stream() -> Response:
        delay = _number("delay", 1.0, LONGEST_S)
        chunks = _count("chunks", 10, 1, MOST_CHUNKS)
        response = _asked_page().response()
        body = response.get_data()
        response.response = _spread(body, chunks, delay / chunks)
        response.content_length = len(body)
        return response

    @app.get("/barrier")
    def rendezvous() -> Response:
        k = _count("k", 2, 1, MOST_TOGETHER)
        timeout = _number("timeout", 10.0, LONGEST_S)
        page = _asked_page()
        if not barrier.wait(k, timeout):
            raise ServiceUnavailable(f"Fewer than {k} requests were inside together within {timeout:g} s.")
        return page.response()

    @app.get("/ready")
    def ready() -> Response:
        return _asked_page().response()

    @app.get("/favicon.ico")
    def favicon() -> Response:
        return Response(status=204)

    @app.errorhandler(HTTPException)
    def sentence(problem: HTTPException) -> Response:
        return Response(f"{problem.description}\n", problem.code, mimetype="text/plain")

    return app


def _number(key: str, default: float, most: float) -> float:
    text = request.args.get(key)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:  # also refuses nan
        raise BadRequest(f"{key} must be a number of seconds from 0 to {most:g}, not {text[:40]!r}.")
    return value


def _count(key: str, default: int, least: int, most: int) -> int:
    text = request.args.get(key)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else least - 1
    if not least <= value <= most:
        raise BadRequest(f"{key} must be a whole number from {least} to {most}, not {text[:40]!r}.")
    return value


@dataclass(frozen=True, slots=True)
class _Page:
    """What is to be answered: checked before the work, made after it.

    So of a thousand requests that come at once, all are asleep soonest.
    """

    size: int
    control: str | None

    def response(self) -> Response:
        """The page, filled with spaces up to its size; a smaller size cuts it off."""
        response = Response(_PAGE[: self.size].ljust(self.size), mimetype="text/html")
        if self.control is not None:
            response.headers["Cache-Control"] = self.control
        return response


def _asked_page() -> _Page:
    control = request.args.get("cache-control")
    if control is not None and not (control.isascii() and control.isprintable()):
        raise BadRequest("cache-control must be printable ASCII, for it becomes a header.")
    return _Page(_count("size", len(_PAGE), 0, LARGEST_BYTES), control)


def _spread(body: bytes, chunks: int, pause_s: float) -> Iterator[bytes]:
    """One byte at once, for servers send the headers with the first of the body; then the pieces."""
    yield body[:1]
    step = max(1, -(-(len(body) - 1) // chunks))
    for number in range(chunks):
        time.sleep(pause_s)
        yield body[1 + number * step : 1 + (number + 1) * step]


def _burn(seconds: float) -> None:
    """Keeps a core busy until this thread has had `seconds` of CPU time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))
