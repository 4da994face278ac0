"""Reads surveys, "browserconc/servers-1", "limits-1" and "tune-1", as far as they can be compared.

Only fields of the contract are looked at, so that files of other versions are read too.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from browserconc.model.difference import Reading, Readings
from browserconc.model.finding import Environment
from browserconc.report import result_format
from browserconc.report.json_text import ResultError

SERVERS = "browserconc/servers-1"
LIMITS = "browserconc/limits-1"
TUNE = "browserconc/tune-1"
KINDS = frozenset({SERVERS, LIMITS, TUNE})
_ERRORS = 1.96
"""Standard errors that 95 % of means lie within."""
NO_LIMIT = "no limit seen"
_COUNTED = frozenset({"connections", "sockets", "requests", "streams", "websockets", "handshakes", "tabs"})
"""Units of which more is better; of seconds, all of them spent waiting, less is."""


class _Server(Struct, frozen=True):
    server: str
    measured: int | None
    keep_alive: bool | None
    silent_connection_blocks: bool | None
    error: str | None = None


class _Servers(Struct, frozen=True):
    environment: result_format.Environment
    servers: tuple[_Server, ...]


class _Limit(Struct, frozen=True):
    id: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    error: str | None = None


class _Limits(Struct, frozen=True):
    environment: result_format.Environment
    limits: tuple[_Limit, ...]


class _Point(Struct, frozen=True):
    browsers: int
    contexts: int
    tabs: int
    pages_per_s: float
    pages_per_s_error: float | None = None


class _Fit(Struct, frozen=True):
    knee: float | None
    knee_low: float | None
    knee_high: float | None


class _Tune(Struct, frozen=True):
    environment: result_format.Environment
    chosen: _Point | None
    points: tuple[_Point, ...]
    fit: _Fit | None
    target: str | None = None


class _Named(Struct):
    schema: str


def schema(text: bytes) -> str:
    """The schema that a JSON text claims to have.

    Raises:
        ResultError: it is no JSON, or claims none.
    """
    try:
        return msgspec.json.decode(text, type=_Named).schema
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise ResultError(f"This is not a browserconc result ({problem}).") from problem


def parse(text: bytes) -> Readings:
    """Reads a survey.

    Raises:
        ResultError: another schema, or a field that is missing or of another type.
    """
    kind = schema(text)
    if kind not in KINDS:
        raise ResultError(f"The file has schema {kind!r}, which is no survey.")
    try:
        if kind == SERVERS:
            servers = msgspec.json.decode(text, type=_Servers)
            rows = tuple(reading for row in servers.servers for reading in _server(row))
            return Readings(kind, _environment(servers.environment), rows)
        if kind == TUNE:
            tuned = msgspec.json.decode(text, type=_Tune)
            return Readings(kind, _environment(tuned.environment), tuple(_tune(tuned)), tuned.target)
        limits = msgspec.json.decode(text, type=_Limits)
        return Readings(kind, _environment(limits.environment), tuple(map(_limit, limits.limits)))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise ResultError(f"This is not a {kind} ({problem}).") from problem


def _server(row: _Server) -> Iterator[Reading]:
    width = NO_LIMIT if row.measured is None else row.measured
    yield Reading(row.server, "limit", width, row.measured, row.measured, True, "requests", row.error)
    for measure, seen, wanted in (
        ("keep_alive", row.keep_alive, True),
        ("silent_connection_blocks", row.silent_connection_blocks, False),
    ):
        if seen is not None:
            yield Reading(row.server, measure, seen, float(seen), float(seen), wanted)


def _limit(row: _Limit) -> Reading:
    low = row.value if row.low is None else row.low
    high = row.value if row.high is None else row.high
    better = True if row.unit in _COUNTED else False if row.unit in {"s", "seconds"} else None
    value = NO_LIMIT if row.value is None else row.value
    return Reading(row.id, "limit", value, low, high, better, row.unit, row.error)


def _tune(tuned: _Tune) -> Iterator[Reading]:
    chosen, fit = tuned.chosen, tuned.fit
    if chosen:
        yield Reading("chosen", "setting", _setting(chosen), None, None, None)
        yield _rate("chosen", "rate", chosen)
    if fit and fit.knee is not None and fit.knee_low is not None:
        yield Reading("fitted curve", "knee", fit.knee, fit.knee_low, fit.knee_high, True, "tabs")
    for point in tuned.points:
        yield _rate(_setting(point), "point", point)


def _rate(name: str, measure: str, point: _Point) -> Reading:
    rate, error = point.pages_per_s, point.pages_per_s_error
    low, high = (None, None) if error is None else (rate - _ERRORS * error, rate + _ERRORS * error)
    return Reading(name, measure, rate, low, high, True, "pages/s", timed=True)


def _setting(point: _Point) -> str:
    return f"{point.browsers} x {point.contexts} x {point.tabs}"


def _environment(environment: result_format.Environment) -> Environment:
    return msgspec.convert(msgspec.to_builtins(environment), Environment)
