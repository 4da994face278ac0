"""What a test may demand of a measurement, and what it is told where that does not hold."""

from __future__ import annotations

from dataclasses import dataclass

from browserconc.model.finding import TrialFinding, Verdict
from browserconc.outcome import Result

__all__ = ["Measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: the trial that was asked for, within the result that all reports show."""

    result: Result

    @property
    def trial(self) -> TrialFinding:
        """The requests that were measured."""
        return self.result.trials[-1]

    @property
    def verdict(self) -> Verdict:
        """Concurrent, limited, serial or undecided; the cause and the culprit."""
        return self.trial.verdict

    @property
    def at_once(self) -> int | None:
        """How many ran at once; None where that is undecided."""
        match self.verdict.kind:
            case "concurrent":
                return self.trial.tabs
            case "limited" | "serial":
                return self.verdict.limit
            case _:
                # By the server's own ledger it is known even where it is not known why.
                return self.trial.concurrency.sustained or None if self.trial.server else None

    @property
    def cause(self) -> str | None:
        """What held requests back."""
        return self.verdict.cause

    def assert_parallel(self, at_least: int | None = None) -> None:
        """All ran at once, or `at_least` so many."""
        __tracebackhide__ = True
        wanted = self.trial.tabs if at_least is None else at_least
        if wanted > self.trial.tabs:
            raise ValueError(f"{self.trial.tabs} requests were measured, so {wanted} cannot run at once.")
        if self.at_once is None or self.at_once < wanted:
            self._fail(f"expected at least {wanted} of {self.trial.tabs} at once")

    def assert_serial(self) -> None:
        """They ran one after the other."""
        __tracebackhide__ = True
        if self.at_once != 1:
            self._fail("expected one after the other")

    def assert_limit(self, limit: int, cause: str | None = None) -> None:
        """Exactly `limit` ran at once, and `cause` held the others back, such as "host-limit"."""
        __tracebackhide__ = True
        if self.verdict.kind == "concurrent" or self.at_once != limit:
            self._fail(f"expected a limit of {limit}")
        if cause is not None and self.cause != cause:
            self._fail(f"expected {cause} to hold them back")

    def _fail(self, demand: str) -> None:
        __tracebackhide__ = True
        raise AssertionError(f"{demand}, but {said(self)}\n\n{self.result.text()}")


def said(measured: Measured) -> str:
    """What was seen instead, in half a sentence."""
    verdict, trial = measured.verdict, measured.trial
    if verdict.kind == "undecided":
        return f"it is undecided: {next(iter(verdict.doubts), 'no reason was recorded.')}"
    if verdict.kind == "concurrent":
        return f"all {trial.tabs} ran at once"
    at_once = "one after the other" if measured.at_once == 1 else f"{measured.at_once} at once"
    held = (
        f" ({verdict.culprit}: {verdict.cause}, {verdict.share:.0%} of the waiting)" if verdict.cause else ""
    )
    return f"{trial.tabs} ran {at_once}{held}"
