"""The result as a Chrome trace in JSON, for https://ui.perfetto.dev and chrome://tracing.

Format: "Trace Event Format" (Chromium). Three processes per trial, all from instant 0 so that the
strategies lie under each other: its tabs (a track each, causes nested in requests, and counters of
what is in flight), its sockets and the server's workers. A flow leads from tab over socket to server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from browserconc.model.finding import RequestFinding, Result, ServerSeen, Slice, TrialFinding
from browserconc.report.legend import look
from browserconc.report.phase import on_socket_ns
from browserconc.report.printable import printable
from browserconc.report.wording import headline

_Item = TypeVar("_Item")
Event = dict[str, Any]


def render(result: Result) -> str:
    """The trace as one JSON object, an event per line, that ends with a newline."""
    events: list[Event] = []
    for number, trial in enumerate(result.trials):
        events += _trial(trial, first_pid=3 * number + 1, flows_from=sum(map(_size, result.trials[:number])))
    lines = ",\n".join(map(_json, events))
    facts = {
        "creator": _text(f"browserconc {result.environment.browserconc}"),
        "measured": _text(headline(result)),
        "conclusion": _text(result.conclusion.summary),
    }
    return f'{{"displayTimeUnit":"ms","otherData":{_json(facts)},"traceEvents":[\n{lines}\n]}}\n'


def _json(value: dict[str, Any]) -> str:
    """Characters as they are: Perfetto shows an escaped one as the six characters of its escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(foreign: str) -> str:
    """Foreign text; Perfetto takes a backslash before the closing quote for that quote's escape."""
    safe = printable(foreign)
    return f"{safe} " if safe.endswith("\\") else safe


def _size(trial: TrialFinding) -> int:
    return len(trial.requests)


def _trial(trial: TrialFinding, first_pid: int, flows_from: int) -> list[Event]:
    title = _text(f"{trial.strategy}, {trial.server or trial.url}")
    if trial.repeat:
        title += f", run {trial.repeat + 1}"
    flows = {id(request): flows_from + place + 1 for place, request in enumerate(trial.requests)}
    tabs, sockets, server = first_pid, first_pid + 1, first_pid + 2
    events: list[Event] = []
    for pid, side in ((tabs, "tabs"), (sockets, "sockets"), (server, "server")):
        events.append(_named("process_name", pid, 0, name=f"{title}: {side}"))
        events.append(_named("process_sort_index", pid, 0, sort_index=pid))
    events += _tabs(trial.requests, tabs, flows)
    events += _sockets(trial.requests, sockets, flows)
    events += _workers(trial.requests, server, flows)
    browser_spans = [(request.start_ns, request.end_ns) for request in trial.requests]
    server_spans = [_worked(request.server) for request in trial.requests if request.server]
    events += _counter("in flight", tabs, browser_spans)
    return events + _counter("in flight at the server", server, server_spans)


def _tabs(requests: Iterable[RequestFinding], pid: int, flows: dict[int, int]) -> list[Event]:
    events: list[Event] = []
    tracks = _by(requests, lambda request: request.index, lambda request: (request.start_ns, request.end_ns))
    for tid, (index, lane, members) in enumerate(tracks, 1):
        events.append(_named("thread_name", pid, tid, name=f"tab {index + 1}{_more(lane)}"))
        events.append(_named("thread_sort_index", pid, tid, sort_index=tid))
        for request in members:
            events.append(_request(request, request.start_ns, request.end_ns, pid, tid))
            for piece in request.slices:
                if piece.duration_ns:
                    events.append(_cause(piece, pid, tid))
            if request.server or request.local_port is not None:
                events.append(_flow("s", flows[id(request)], _leaves_ns(request), pid, tid))
    return events


def _sockets(requests: Iterable[RequestFinding], pid: int, flows: dict[int, int]) -> list[Event]:
    events: list[Event] = []
    known = [request for request in requests if request.local_port is not None]
    tracks = _by(
        known,
        lambda request: request.local_port or 0,
        on_socket_ns,
    )
    for tid, (port, lane, members) in enumerate(tracks, 1):
        events.append(_named("thread_name", pid, tid, name=f"port {port}{_more(lane)}"))
        events.append(_named("thread_sort_index", pid, tid, sort_index=tid))
        for request in members:
            begin_ns, end_ns = on_socket_ns(request)
            events.append(_request(request, begin_ns, end_ns, pid, tid))
            events.append(_flow("t" if request.server else "f", flows[id(request)], begin_ns, pid, tid))
    return events


def _workers(requests: Iterable[RequestFinding], pid: int, flows: dict[int, int]) -> list[Event]:
    events: list[Event] = []
    seen = [(request, request.server) for request in requests if request.server]
    tracks = _by(seen, lambda pair: (pair[1].pid, pair[1].thread), lambda pair: _worked(pair[1]))
    for tid, ((worker, thread), lane, members) in enumerate(tracks, 1):
        events.append(_named("thread_name", pid, tid, name=_text(f"pid {worker}, {thread}{_more(lane)}")))
        events.append(_named("thread_sort_index", pid, tid, sort_index=tid))
        for request, server in members:
            begin_ns, end_ns = _worked(server)
            accepted_us = None if server.accepted_ns is None else _us(server.accepted_ns)
            events.append(
                _span(f"request {request.index + 1}", begin_ns, end_ns, pid, tid, accepted_us=accepted_us)
            )
            events.append(_flow("f", flows[id(request)], begin_ns, pid, tid))
    return events


def _leaves_ns(request: RequestFinding) -> int:
    """When its flow leaves the tab: not after it arrives, though NetLog's clock is coarser by a ms."""
    begin_ns, _ = on_socket_ns(request)
    arrives_ns = request.server.started_ns if request.server else begin_ns
    return max(min(begin_ns, arrives_ns), request.start_ns)


def _worked(server: ServerSeen) -> tuple[int, int]:
    return server.started_ns, max(server.finished_ns, server.started_ns)


def _by(
    items: Iterable[_Item], key: Callable[[_Item], Any], span: Callable[[_Item], tuple[int, int]]
) -> list[tuple[Any, int, list[_Item]]]:
    """The items by key as (key, lane, items): overlapping ones are in lanes of their own.

    Spans of one track must nest, and greenlets of one thread or streams of one socket do not.
    """
    tracks: dict[Any, list[list[_Item]]] = {}
    for item in sorted(items, key=span):
        lanes = tracks.setdefault(key(item), [])
        free = next((lane for lane in lanes if span(lane[-1])[1] <= span(item)[0]), None)
        if free is None:
            lanes.append([item])
        else:
            free.append(item)
    return [(of, number, lane) for of, lanes in sorted(tracks.items()) for number, lane in enumerate(lanes)]


def _more(lane: int) -> str:
    return f" ({lane + 1})" if lane else ""


def _request(request: RequestFinding, begin_ns: int, end_ns: int, pid: int, tid: int) -> Event:
    answer = request.error or (None if request.status is None else f"status {request.status}")
    return _span(
        f"request {request.index + 1}",
        begin_ns,
        end_ns,
        pid,
        tid,
        url=_text(request.url),
        answer=_text(answer or "unknown"),
    )


def _cause(piece: Slice, pid: int, tid: int) -> Event:
    name = _text(look(piece.cause).name)
    because = {"because": _text(piece.because)} if piece.because else {}
    return _span(name, piece.start_ns, piece.end_ns, pid, tid, cause=_text(piece.cause), **because)


def _span(name: str, begin_ns: int, end_ns: int, pid: int, tid: int, **args: object) -> Event:
    return {
        "ph": "X",
        "cat": "browserconc",
        "name": name,
        "ts": _us(begin_ns),
        "dur": _us(end_ns - begin_ns),
        "pid": pid,
        "tid": tid,
        "args": {key: value for key, value in args.items() if value is not None},
    }


def _flow(phase: str, number: int, at_ns: int, pid: int, tid: int) -> Event:
    event = {
        "ph": phase,
        "cat": "browserconc",
        "name": "request",
        "id": number,
        "ts": _us(at_ns),
        "pid": pid,
        "tid": tid,
    }
    return event | ({"bp": "e"} if phase != "s" else {})  # bound to the span around it, not the next


def _named(what: str, pid: int, tid: int, **args: object) -> Event:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": args}


def _counter(name: str, pid: int, spans: Sequence[tuple[int, int]]) -> list[Event]:
    steps: dict[int, int] = {}
    for begin_ns, end_ns in spans:
        steps[begin_ns] = steps.get(begin_ns, 0) + 1
        steps[end_ns] = steps.get(end_ns, 0) - 1
    events: list[Event] = []
    level = 0
    for at_ns in sorted(steps):
        level += steps[at_ns]
        events.append(
            {"ph": "C", "name": name, "ts": _us(at_ns), "pid": pid, "tid": 0, "args": {"requests": level}}
        )
    return events


def _us(ns: int) -> float:
    return ns / 1e3
