"""The result as HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), for the many viewers of it.

A page per trial, an entry per request. `blocked`, which most writers leave at -1, is filled in and
split into `_blocked_<cause id>`; what the server made a request wait for is `wait`, as HAR has it.
A result has no headers, no bodies and no wall clock: headers and cookies are empty lists, unknown
sizes are -1, and the trials follow each other from the first instant of 1970.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from browserconc.model.finding import RequestFinding, Result, Slice, TrialFinding
from browserconc.report import phase
from browserconc.report.printable import printable
from browserconc.report.wording import headline

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = 250_000_000_000_000_000
"""In the year 9892; a result that was tampered with may ask for instants that no date has."""
_SECOND_NS = 1_000_000_000
_NOTE = (
    "Dates are not those of the measurement: the trials follow each other from 1970-01-01. "
    "Headers, cookies and bodies are never recorded."
)


def render(result: Result) -> str:
    """The result as indented HAR text that ends with a newline; times are milliseconds."""
    pages: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    begin_ns = 0
    for number, trial in enumerate(result.trials):
        page = f"trial_{number + 1}"
        first_ns = min((request.start_ns for request in trial.requests), default=0)
        last_ns = max((request.end_ns for request in trial.requests), default=0)
        zero_ns = begin_ns - min(first_ns, 0)
        pages.append(_page(page, trial, zero_ns))
        ordered = sorted(trial.requests, key=lambda request: (request.start_ns, request.index))
        entries += [_entry(page, request, trial, zero_ns) for request in ordered]
        begin_ns = (zero_ns + max(last_ns, 0)) // _SECOND_NS * _SECOND_NS + _SECOND_NS
    log: dict[str, Any] = {
        "version": "1.2",
        "creator": {"name": "browserconc", "version": printable(result.environment.browserconc)},
        "pages": pages,
        "entries": entries,
        "comment": printable(f"{headline(result)}. {result.conclusion.summary} {_NOTE}"),
    }
    if browser := result.environment.browser:
        log["browser"] = {"name": printable(browser.name), "version": printable(browser.version)}
    return json.dumps({"log": log}, indent=1) + "\n"


def _page(page: str, trial: TrialFinding, zero_ns: int) -> dict[str, Any]:
    verdict = trial.verdict
    return {
        "id": page,
        "title": printable(f"{trial.strategy}, {trial.server or trial.url}"),
        "startedDateTime": _date(zero_ns),
        "pageTimings": {"onContentLoad": -1, "onLoad": _ms(trial.makespan_ns)},
        "comment": printable(f"{verdict.kind}: {' '.join((*verdict.because, *verdict.doubts))}".strip()),
    }


def _entry(page: str, request: RequestFinding, trial: TrialFinding, zero_ns: int) -> dict[str, Any]:
    url = printable(request.url)
    entry: dict[str, Any] = {
        "pageref": page,
        "startedDateTime": _date(zero_ns + request.start_ns),
        "time": _ms(request.end_ns - request.start_ns),
        "request": {
            "method": "GET" if trial.server else "",  # that of a foreign request is not in the result
            "url": url,
            "httpVersion": "",
            "cookies": [],
            "headers": [],
            "queryString": [{"name": name, "value": value} for name, value in _query(url)],
            "headersSize": -1,
            "bodySize": -1,
        },
        "response": {
            "status": request.status or 0,
            "statusText": "",
            "httpVersion": "",
            "cookies": [],
            "headers": [],
            "content": {"size": 0, "mimeType": "", "comment": "not recorded"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": timings(request.slices),
        "_index": request.index,
    }
    if request.error is not None:
        entry["response"]["_error"] = printable(request.error)
    if request.local_port is not None:
        entry["connection"] = str(request.local_port)
    if request.connection_reused is not None:
        entry["_connectionReused"] = request.connection_reused
    return entry


def timings(slices: tuple[Slice, ...]) -> dict[str, float]:
    """HAR's phases in ms, which sum to the request's duration, and `blocked` by cause.

    From the server's first slice to its last is `wait`, what follows is `receive`, what precedes is
    `blocked` or `connect`. A request that never reached the server was blocked or connecting.
    """
    reached = [place for place, piece in enumerate(slices) if piece.cause in phase.WAIT]
    first, last = (reached[0], reached[-1]) if reached else (len(slices), len(slices))
    phases = {"blocked": 0, "connect": 0, "wait": 0, "receive": 0}
    blocked: dict[str, int] = {}
    for place, piece in enumerate(slices):
        if place > last:
            phases["receive"] += piece.duration_ns
        elif place >= first:
            phases["wait"] += piece.duration_ns
        elif piece.cause in phase.CONNECT:
            phases["connect"] += piece.duration_ns
        else:
            phases["blocked"] += piece.duration_ns
            blocked[piece.cause] = blocked.get(piece.cause, 0) + piece.duration_ns
    return {
        "blocked": _ms(phases["blocked"]),
        "dns": -1,
        "connect": _ms(phases["connect"]) if phases["connect"] else -1,
        "ssl": -1,
        "send": 0,
        "wait": _ms(phases["wait"]),
        "receive": _ms(phases["receive"]),
        **{f"_blocked_{printable(cause)}": _ms(ns) for cause, ns in blocked.items()},
    }


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:  # a foreign log's idea of a URL
        return []


def _date(at_ns: int) -> str:
    """ISO 8601 with microseconds, all that Python's datetime has."""
    return (_EPOCH + timedelta(microseconds=min(at_ns // 1000, _LAST_US))).isoformat(timespec="microseconds")


def _ms(ns: int) -> float:
    return ns / 1e6
