"""The reports that are written into a file, by the name of their option."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from browserconc.model.finding import Result
from browserconc.report import har, html, junit, perfetto
from browserconc.report.junit import Check

RENDER: Mapping[str, Callable[[Result, Sequence[Check]], str]] = MappingProxyType(
    {
        "html": lambda result, checks: html.render(result),
        "har": lambda result, checks: har.render(result),
        "perfetto": lambda result, checks: perfetto.render(result),
        "junit": junit.render,
    }
)
"""From a result and the expectations that were checked to the text of the file."""
