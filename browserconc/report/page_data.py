"""What the script of the HTML report works on: every request of every trial, as small as it can be.

Instants are whole microseconds since the trial's start. Texts, of which most are said many times,
stand once in a table and are referred to by their place, as causes are. `page/data.js` reads this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from browserconc.model.finding import RequestFinding, Result, ServerSeen
from browserconc.report.legend import look
from browserconc.report.phase import on_socket_ns
from browserconc.report.printable import printable
from browserconc.report.table import Row


def page_data(result: Result, rows: Sequence[Row], causes: Sequence[str]) -> dict[str, Any]:
    """A JSON value: causes, texts, and one trial for each chart of the page, in the order of `rows`."""
    texts = _Texts()
    numbers = {cause: number for number, cause in enumerate(causes)}
    trials = [
        {"requests": [_request(request, texts, numbers) for request in trial.requests]}
        for row in rows
        for trial in row.repeats
    ]
    return {
        "causes": [printable(look(cause).name) for cause in causes],
        "texts": texts.known(),
        "trials": trials,
    }


class _Texts:
    """The table of texts that is being filled."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        return self._places.setdefault(printable(text), len(self._places))

    def known(self) -> list[str]:
        return list(self._places)


def _request(request: RequestFinding, texts: _Texts, numbers: dict[str, int]) -> list[Any]:
    slices: list[int] = []
    for piece in request.slices:
        if piece.duration_ns:
            slices += [numbers[piece.cause], _us(piece.end_ns), texts.place(piece.because)]
    return [
        request.index,
        texts.place(request.url),
        request.status,
        None if request.error is None else texts.place(request.error),
        _us(request.start_ns),
        _us(request.end_ns),
        request.local_port,
        request.connection_reused,
        *(_us(ns) for ns in on_socket_ns(request)),
        _server(request.server, texts),
        slices,
    ]


def _server(seen: ServerSeen | None, texts: _Texts) -> list[int | None] | None:
    if seen is None:
        return None
    accepted = None if seen.accepted_ns is None else _us(seen.accepted_ns)
    worker = texts.place(f"pid {seen.pid}, {seen.thread}")
    return [accepted, _us(seen.started_ns), _us(seen.finished_ns), worker]


def _us(ns: int) -> int:
    """Rounded down, so that slices which touch still touch."""
    return ns // 1000
