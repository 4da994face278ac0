"""A browser's limits as JSON, schema "browserconc/limits-1"."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from browserconc.model import finding, limit
from browserconc.model.limit import Limits
from browserconc.report.json_text import decoded, indented
from browserconc.report.result_format import Environment

SCHEMA = "browserconc/limits-1"


class Limit(Struct, frozen=True):
    """One limit. `value` null without an error: none was seen up to `low`."""

    id: str
    value: Annotated[float | int | None, Meta(description="The median of the readings.")]
    low: float | int | None
    high: float | int | None
    unit: str
    published: Annotated[str, Meta(description="What others publish.")]
    consequence: Annotated[str, Meta(description="What it means for a test or a crawler.")]
    readings: tuple[float | int | None, ...]
    note: str | None
    error: str | None
    took_s: float


class Survey(Struct, frozen=True):
    """Everything that `browserconc limits` says."""

    schema: str
    environment: Environment
    limits: tuple[Limit, ...]
    measured_at: str
    took_s: float


def render(limits: Limits) -> str:
    """The limits as indented JSON, ending with a newline."""
    rows = tuple(msgspec.convert(dataclasses.asdict(row), Limit) for row in limits.limits)
    environment = msgspec.convert(dataclasses.asdict(limits.environment), Environment)
    return indented(Survey(SCHEMA, environment, rows, limits.measured_at, limits.took_s))


def parse(text: bytes) -> Limits:
    """Reads what `render` wrote, or a file of the same schema with further fields.

    Raises:
        ResultError: a field that is missing or of another type.
    """
    found = decoded(text, SCHEMA, Survey)
    return Limits(
        environment=msgspec.convert(msgspec.to_builtins(found.environment), finding.Environment),
        limits=tuple(limit.Limit(**msgspec.structs.asdict(row)) for row in found.limits),
        measured_at=found.measured_at,
        took_s=found.took_s,
    )
