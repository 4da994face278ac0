"""What a script demands of a result: `--expect contexts=concurrent`, `--fail-on browser`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_args

from browserconc.analysis.causes import CAUSES
from browserconc.model.finding import Culprit, Kind, Result

KINDS: tuple[str, ...] = get_args(Kind)
NEVER = (*get_args(Culprit), *(cause.id for cause in CAUSES), *KINDS)


class ExpectationError(ValueError):
    """An expectation that names nothing we know: one sentence with the choices."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Every trial of a strategy must have this verdict, and this limit if one is given."""

    strategy: str
    kind: str
    limit: int | None

    @classmethod
    def parse(cls, text: str, strategies: Sequence[str]) -> Expectation:
        """Reads STRATEGY=KIND or STRATEGY=KIND:LIMIT; the strategy must be one that is run."""
        strategy, _, verdict = text.partition("=")
        kind, _, limit = verdict.partition(":")
        _known("strategy", strategy, strategies)
        _known("verdict", kind, KINDS)
        if limit and not limit.isdecimal():
            raise ExpectationError(f"The limit {limit!r} in {text!r} is not a whole number.")
        return cls(strategy, kind, int(limit) if limit else None)

    def failure(self, result: Result) -> str | None:
        """The sentence that says what was found instead, None if all is as expected."""
        for trial in result.trials:
            verdict = trial.verdict
            if trial.strategy != self.strategy:
                continue
            if verdict.kind != self.kind or self.limit not in (None, verdict.limit):
                found = verdict.kind + (f" {verdict.limit}" if verdict.limit is not None else "")
                wanted = self.kind + (f" {self.limit}" if self.limit is not None else "")
                return f"Expected {trial.id} to be {wanted}, but it is {found}."
        return None


@dataclass(frozen=True, slots=True)
class Gate:
    """The conclusion must not name this culprit or cause, and no verdict must be of this kind."""

    never: str

    @classmethod
    def parse(cls, text: str) -> Gate:
        """Reads a culprit, a cause id or a kind of verdict."""
        _known("culprit, cause or verdict", text, NEVER)
        return cls(text)

    def failure(self, result: Result) -> str | None:
        """The sentence that says where it was found, None if it was not."""
        if self.never in (result.conclusion.culprit, result.conclusion.cause):
            return f"Failed on {self.never}: {result.conclusion.summary}"
        if trial := next((t for t in result.trials if t.verdict.kind == self.never), None):
            return f"Failed on {self.never}: {trial.id} is {self.never}."
        return None


def _known(what: str, word: str, choices: Sequence[str]) -> None:
    if word not in choices:
        near = get_close_matches(word, choices, 1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise ExpectationError(f"Unknown {what} {word!r}{hint} Choices: {', '.join(dict.fromkeys(choices))}.")
