"""The server's own account: the application writes `ledger.jsonl`, a reader turns it into Tracks.

A WSGI application is put into its middleware (`around`); an asynchronous one calls `started` and `ended`.

One line per event, written whole with one `os.write` to a descriptor opened with O_APPEND: the
kernel appends each write at the file's end at that instant, so threads, greenlets and forked
workers lose and mix no line, and nobody needs a lock or to open the file again after a fork.

    {"e":"accept","t":ns,"pid":…,"port":…}      a connection was taken from the accept queue
    {"e":"start","id":…,"t":ns,"pid":…,"thread":…,"port":…,"host":…,"method":…,"path":…}
    {"e":"end","id":…,"t":ns,"status":…,"error":…}

`port` is the peer's TCP port, `path` includes the query. `start` is written when the application
is entered, `end` when the server closes the response: a stream counts to its last byte handed
over. Not every server lets `accept` be known. Headers other than Host, cookies and bodies are
never written.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from browserconc.model.timeline import Fact, Span, Track

FILE = "ledger.jsonl"
SOURCE = "ledger"
VARIABLE = "BROWSERCONC_LEDGER"
"""The environment variable that names the file to an application with our middleware."""

_encode = msgspec.json.Encoder().encode  # a tenth of json's time, which is the server's and so measured

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def _thread_name() -> str:
    return threading.current_thread().name


class Ledger:
    """Writes `path` for one application, in as many processes and threads as the server likes.

    `label` names the thread of control that it is called in: greenlets have names of their own.
    """

    def __init__(self, path: Path, label: Callable[[], str] = _thread_name) -> None:
        self.path = path
        self._label = label
        # No child process gets it: Python opens files so on every system (PEP 446).
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._number = itertools.count(1)

    def accepted(self, port: int) -> None:
        """Notes that a connection from this peer port was accepted just now."""
        self._write({"e": "accept", "t": time.monotonic_ns(), "pid": os.getpid(), "port": port})

    def around(self, application: Application) -> Application:
        """The same application, with a start and an end written for each request."""

        def observed(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            visit = _Visit(self, self._entered(environ))

            def note_status(status: str, headers: Any, *rest: Any) -> Callable[[bytes], object]:
                visit.status = int(status[:3])
                return start_response(status, headers, *rest)

            try:
                visit.body = application(environ, note_status)
            except BaseException as problem:
                visit.end(problem)
                raise
            return visit

        return observed

    def started(self, *, port: int, host: str, method: str, path: str) -> str:
        """Notes that the application is entered; gives the id with which `ended` must follow.

        Args:
            port: the peer's TCP port.
            host: the Host header (or :authority).
            method: such as "GET".
            path: as it stood in the request, with its query.
        """
        now, pid = time.monotonic_ns(), os.getpid()
        # A forking server repeats numbers and, in the long run, pids: the instant tells them apart.
        key = f"{pid}-{next(self._number)}-{now}"
        self._write(
            {
                "e": "start",
                "id": key,
                "t": now,
                "pid": pid,
                "thread": self._label(),
                "port": port,
                "host": host,
                "method": method,
                "path": path,
            }
        )
        return key

    def ended(self, key: str, status: int | None, problem: BaseException | None) -> None:
        """Notes the end; `error` names the kind of exception only, its text may hold anything."""
        error = None if problem is None else type(problem).__name__
        self._write({"e": "end", "id": key, "t": time.monotonic_ns(), "status": status, "error": error})

    def _entered(self, environ: Environ) -> str:
        query = environ.get("QUERY_STRING", "")
        path = environ.get("RAW_URI") or environ.get("REQUEST_URI")
        if not path:
            path = environ.get("PATH_INFO", "") + (f"?{query}" if query else "")
        return self.started(
            port=int(environ.get("REMOTE_PORT") or 0),
            host=environ.get("HTTP_HOST", ""),
            method=environ.get("REQUEST_METHOD", ""),
            path=path,
        )

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._file, _encode(line) + b"\n")


class _Visit:
    """One response on its way out: iterates the application's, and writes the end once."""

    def __init__(self, ledger: Ledger, key: str) -> None:
        self._ledger = ledger
        self._key = key
        self._ended = False
        self.status: int | None = None
        self.body: Iterable[bytes] = ()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self.body
        except Exception as problem:
            self.end(problem)
            raise

    def close(self) -> None:
        """Called by every WSGI server when it is done with the response, whatever happened."""
        try:
            if hasattr(self.body, "close"):
                self.body.close()
        finally:
            self.end(None)

    def end(self, problem: BaseException | None) -> None:
        """Writes the end, the first time that it is called."""
        if not self._ended:
            self._ended = True
            self._ledger.ended(self._key, self.status, problem)


class Progress:
    """How far the requests are, cheaply and again and again while the ledger grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._started = 0
        self._finished = 0

    def counts(self) -> tuple[int, int]:
        """Requests (started, finished) so far. Reads only what was appended since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                lines = file.read()
        except FileNotFoundError:
            return 0, 0
        lines = lines[: lines.rfind(b"\n") + 1]
        self._offset += len(lines)
        self._started += lines.count(b'{"e":"start"')
        self._finished += lines.count(b'{"e":"end"')
        return self._started, self._finished


_TEXT, _WHOLE = (str, type(None)), (int, type(None))
_FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "accept": {"t": (int,), "port": (int,)},
    "start": {
        "id": (str,),
        "t": (int,),
        "port": (int,),
        "path": (str,),
        "pid": _WHOLE,
        "thread": _TEXT,
        "method": _TEXT,
        "host": _TEXT,
    },
    "end": {"id": (str,), "t": (int,), "status": _WHOLE, "error": _TEXT},
}
"""The types of each line's fields; what has others is no line of a ledger."""


def tracks(path: Path) -> list[Track]:
    """Reads a ledger; a missing one is empty, a last line that was cut off is left out.

    Each Track has the spans "accept" (an instant, for the first request of a connection whose
    accept is known) and "service" (open where the end was never written), and the facts pid,
    thread, status, method, host and error. They come in the order of their starts.
    """
    return _read(path)[0]


def everything(path: Path) -> list[Track]:
    """As `tracks`, and after them the connections that were accepted and never carried a request.

    Of these there is the span "accept" and the fact pid, and no URL.
    """
    requests, silent = _read(path)
    return requests + silent


def _read(path: Path) -> tuple[list[Track], list[Track]]:
    accepts: defaultdict[int, deque[dict[str, Any]]] = defaultdict(deque)
    starts: list[dict[str, Any]] = []
    ends: dict[str, dict[str, Any]] = {}
    for line in _lines(path):
        match line["e"]:
            case "accept":
                accepts[line["port"]].append(line)
            case "start":
                starts.append(line)
            case "end":
                ends[line["id"]] = line
    starts.sort(key=lambda start: int(start["t"]))
    for port in accepts:
        accepts[port] = deque(sorted(accepts[port], key=lambda accept: int(accept["t"])))
    unused: list[dict[str, Any]] = []
    found = [_track(start, ends.get(start["id"]), accepts[start["port"]], unused) for start in starts]
    for left in accepts.values():
        unused += left
    return found, [_silent(accept) for accept in sorted(unused, key=lambda accept: int(accept["t"]))]


def _track(
    start: dict[str, Any],
    end: dict[str, Any] | None,
    accepts: deque[dict[str, Any]],
    unused: list[dict[str, Any]],
) -> Track:
    """The track of one request; accepts of its port that carried none before it go to `unused`."""
    began = int(start["t"])
    spans = [Span("service", began, None if end is None else int(end["t"]))]
    accepted = None
    while accepts and accepts[0]["t"] <= began:
        if accepted is not None:
            unused.append(accepted)
        accepted = accepts.popleft()
    if accepted is not None:
        spans.insert(0, Span("accept", accepted["t"], accepted["t"]))
    facts: dict[str, Fact] = {name: start.get(name) for name in ("pid", "thread", "method", "host")}
    facts |= {name: None if end is None else end.get(name) for name in ("status", "error")}
    return Track(
        source=SOURCE,
        key=start["id"],
        url=start["path"],
        spans=tuple(spans),
        local_port=start["port"] or None,
        facts=facts,
    )


def _silent(accept: dict[str, Any]) -> Track:
    return Track(
        source=SOURCE,
        key=f"silent-{accept['port']}-{accept['t']}",
        url="",
        spans=(Span("accept", accept["t"], accept["t"]),),
        local_port=accept["port"],
        facts={"pid": accept.get("pid")},
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return
    for line in text.split(b"\n")[:-1]:  # what follows the last newline was cut off, or is nothing
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):  # a machine that lost power leaves holes; other lines are good
            continue
        if _is_whole(row):
            yield row


def _is_whole(row: Any) -> bool:
    """Whether it is a ledger's line and lacks nothing of what its kind is read for."""
    if not isinstance(row, dict) or not isinstance(row.get("e"), str):
        return False
    fields = _FIELDS.get(row["e"])
    return fields is not None and all(type(row.get(name)) in kinds for name, kinds in fields.items())
