"""The result as JSON: out of the model into the fields of `result_format.py`, and back.

A nanosecond survives the way out and back, because a double holds eleven days of seconds to less than
half of one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from browserconc.model import finding
from browserconc.model.finding import UNATTRIBUTED
from browserconc.report.json_text import ResultError, indented
from browserconc.report.result_format import SCHEMA, Cost, Remedy, Result

_NS = 1_000_000_000


class _Named(Struct):
    schema: str


_WIRE_NAMES = {
    (finding.Cost, "memory_bytes"): "rss_bytes",
    (finding.Remedy, "memory_per_tab_bytes"): "rss_bytes_per_tab",
}
_MODEL_NAMES = {(Cost, "rss_bytes"): "memory_bytes", (Remedy, "rss_bytes_per_tab"): "memory_per_tab_bytes"}


def render(result: finding.Result) -> str:
    """The result as indented JSON text that ends with a newline."""
    wire = msgspec.convert({"schema": SCHEMA} | _wire(result), Result)
    return indented(wire)


def parse(text: str | bytes) -> finding.Result:
    """Reads a result that `render` wrote, or one of the same schema with further fields.

    Raises:
        ResultError: no JSON, another schema, or a field that is missing or of another type.
    """
    try:
        name = msgspec.json.decode(text, type=_Named).schema
        if name != SCHEMA:
            raise ResultError(f"The result has schema {name!r}, this version reads {SCHEMA!r}.")
        return msgspec.convert(_model(msgspec.json.decode(text, type=Result)), finding.Result)
    except (msgspec.DecodeError, UnicodeError, RecursionError, OverflowError) as problem:
        raise ResultError(f"This is not a browserconc result ({problem}).") from problem


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `render` writes."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        "title": SCHEMA,
        "description": "Times are seconds as floats, sizes bytes as integers. More fields may be added; "
        "one that is named here keeps its name, type and unit.",
        **msgspec.json.schema(Result),
    }


def _wire(value: Any) -> Any:
    """The model in the format's names and units: `…_ns` becomes `…_s`."""
    if dataclasses.is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        if isinstance(value, finding.TrialFinding):
            named["waiting_ns"] = {UNATTRIBUTED: 0, **value.waiting_ns}
        if isinstance(value, finding.BrowserFacts):
            named["mode"] = value.mode
        return dict(_in_seconds(_WIRE_NAMES.get((type(value), k), k), v) for k, v in named.items())
    if isinstance(value, tuple):
        return tuple(_wire(item) for item in value)
    if isinstance(value, str):  # a lone surrogate from a foreign log has no UTF-8
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _in_seconds(name: str, value: Any) -> tuple[str, Any]:
    if not name.endswith("_ns"):
        return name, _wire(value)
    return f"{name.removesuffix('_ns')}_s", _scaled(value, lambda ns: ns / _NS)


def _model(value: Any) -> Any:
    """The opposite of `_wire`."""
    if isinstance(value, Struct):
        named = {name: getattr(value, name) for name in value.__struct_fields__}
        return dict(_in_ns(_MODEL_NAMES.get((type(value), k), k), v) for k, v in named.items())
    if isinstance(value, tuple):
        return tuple(_model(item) for item in value)
    return value


def _in_ns(name: str, value: Any) -> tuple[str, Any]:
    if not name.endswith("_s"):
        return name, _model(value)
    return f"{name.removesuffix('_s')}_ns", _scaled(value, lambda s: round(s * _NS))


def _scaled(value: Any, scale: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: scale(item) for key, item in value.items()}
    return None if value is None else scale(value)
