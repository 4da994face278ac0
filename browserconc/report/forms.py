"""The forms in which surveys and searches are shown: at once by their command, and again from its JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from browserconc.model.limit import Limits
from browserconc.model.server_row import Survey
from browserconc.model.tuning import Tuning
from browserconc.report import (
    limits,
    limits_json,
    servers,
    servers_json,
    sheet,
    sheet_html,
    tune,
    tune_format,
    tune_html,
    tune_json,
)


@dataclass(frozen=True, slots=True)
class Forms:
    """`on_terminal` takes colour, width and encoding; `by_option` are the others, by their option's name."""

    of: str
    on_terminal: Callable[..., str]
    by_option: Mapping[str, Callable[[], str]]


def of_tuning(tuned: Tuning) -> Forms:
    """The forms of what `tune` found."""
    return Forms(
        "settings of a crawler",
        partial(tune.render, tuned),
        {
            "json": partial(tune_json.render, tuned),
            "html": partial(tune_html.render, tuned),
            "markdown": partial(tune.markdown, tuned),
        },
    )


def of_limits(found: Limits) -> Forms:
    """The forms of what `limits` measured."""
    shown = limits.sheet(found)
    return Forms(
        "a browser's limits",
        partial(limits.render, found),
        {"json": partial(limits_json.render, found), **_of_sheet(shown)},
    )


def of_servers(survey: Survey) -> Forms:
    """The forms of what `servers` measured."""
    shown = servers.sheet(survey)
    return Forms(
        "what servers do at once",
        partial(servers.render, survey),
        {"json": partial(servers_json.render, survey), **_of_sheet(shown)},
    )


def _of_sheet(shown: sheet.Sheet) -> dict[str, Callable[[], str]]:
    return {"html": partial(sheet_html.render, shown), "markdown": partial(sheet.markdown, shown)}


def read(schema: str, content: bytes) -> Forms | None:
    """The forms of a JSON file of that schema; None where it is none of a survey or a search.

    Raises:
        ResultError: a field is missing or of another type.
    """
    reader = _READERS.get(schema)
    return reader(content) if reader else None


_READERS: Mapping[str, Callable[[bytes], Forms]] = MappingProxyType(
    {
        tune_format.SCHEMA: lambda content: of_tuning(tune_json.parse(content)),
        limits_json.SCHEMA: lambda content: of_limits(limits_json.parse(content)),
        servers_json.SCHEMA: lambda content: of_servers(servers_json.parse(content)),
    }
)
