"""What one case of the corpus is: real servers, a URL, options for `diagnose`, and the truth about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, Literal

Check = Callable[[str], None]
"""Shows by plain sockets that the server at that URL does what the label says; raises AssertionError."""

Limit = int | None | EllipsisType
"""A number at once, None for no limit; `...` where no single number is true."""


@dataclass(frozen=True, slots=True)
class Label:
    """A truth: what `conclusion` must say. A field that is `...` may have any value."""

    culprit: str | None
    cause: str | None
    limit: Limit
    server_limit: Limit = ...
    browser_limit: Limit = ...

    def fits(self, conclusion: Mapping[str, Any]) -> bool:
        """Whether the conclusion of a result says this."""
        return (conclusion["culprit"], conclusion["cause"]) == (self.culprit, self.cause) and all(
            wanted is ... or conclusion[name] == wanted
            for name, wanted in (
                ("limit", self.limit),
                ("server_limit", self.server_limit),
                ("browser_limit", self.browser_limit),
            )
        )

    def __str__(self) -> str:
        return described(self.culprit, self.cause, self.limit)


PARALLEL = Label(None, None, None)
"""No problem: nothing holds the requests back."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server's command line. `{port}`, `{origin}`, `{place}`, `{apps}`, `{python}`, … are filled in.

    `listens` names the port it answers on. `template` is a file of `apps` that is filled in and put
    into `place` first (nginx takes its ports from a file only; there the marks are `@port@`).
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    listens: Literal["port", "origin"] = "port"
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `labels` are its truths: several where two things limit at once and either may be named.

    `needs` are programs ("nginx") and modules ("django") without which it is skipped; `checks` show
    that it stages what it says. `untold` says why "undecided" is all that can be said, where it is so.
    """

    id: str
    stages: str
    programs: tuple[Program, ...]
    path: str
    labels: tuple[Label, ...]
    checks: tuple[Check, ...]
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    scheme: Literal["http", "https"] = "http"
    host: str = "127.0.0.1"
    untold: str | None = None


Outcome = Literal["right", "undecided", "wrong"]


def outcome(case: Case, result: Mapping[str, Any]) -> Outcome:
    """Whether that result of `diagnose` tells the truth about the case.

    "undecided" is a conclusion that names no cause and a trial that says so.
    """
    conclusion = result["conclusion"]
    if any(label.fits(conclusion) for label in case.labels) and not (
        conclusion["cause"] is None and undecided(result)
    ):
        return "right"
    return "undecided" if conclusion["cause"] is None and undecided(result) else "wrong"


def undecided(result: Mapping[str, Any]) -> bool:
    """Whether any trial of the result is undecided."""
    return any(trial["verdict"]["kind"] == "undecided" for trial in result["trials"])


def described(culprit: str | None, cause: str | None, limit: Limit) -> str:
    """A truth or a finding in a few words, such as "server-width 4"."""
    if culprit is None:
        return "parallel"
    number = "" if limit in (None, ...) else f" {limit}"
    return f"{cause or f'{culprit}, cause unknown'}{number}"
