"""The result as JUnit XML, for the test pages of CI systems.

A test case per trial and per expectation. A trial whose requests failed is an error, one without a
verdict is skipped; being held back is a finding and fails only what `--expect` or `--fail-on` says.
Format: https://github.com/testmoapp/junitxml, the common core of what CI systems read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from browserconc.model.finding import Result, TrialFinding
from browserconc.report import table
from browserconc.report.printable import printable
from browserconc.report.table import Row
from browserconc.report.wording import blamed, cause_named, headline

Check = tuple[str, str | None]
"""An expectation as it was typed, and the sentence that says why it failed, None if it holds."""


def render(result: Result, checks: Sequence[Check] = ()) -> str:
    """The test report as indented XML that ends with a newline; times are seconds."""
    cases = [_trial(trial) for trial in result.trials] + [_check(check) for check in checks]
    totals = {
        "tests": str(len(cases)),
        "failures": str(_count(cases, "failure")),
        "errors": str(_count(cases, "error")),
        "skipped": str(_count(cases, "skipped")),
        "time": _seconds(sum(trial.makespan_ns for trial in result.trials)),
    }
    suites = ElementTree.Element("testsuites", {"name": "browserconc", **totals})
    name = f"browserconc {printable(result.command)}"
    suite = ElementTree.SubElement(suites, "testsuite", {"name": name, **totals})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _facts(result):
        ElementTree.SubElement(properties, "property", name=name, value=printable(value))
    suite.extend(cases)
    ElementTree.indent(suites)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"
    )


def _count(cases: Iterable[ElementTree.Element], outcome: str) -> int:
    return sum(case.find(outcome) is not None for case in cases)


def _facts(result: Result) -> list[tuple[str, str]]:
    here, conclusion = result.environment, result.conclusion
    return [
        ("measured", headline(result, full_version=True)),
        ("conclusion", conclusion.summary),
        ("culprit", conclusion.culprit or "none"),
        ("cause", conclusion.cause or "none"),
        ("platform", here.platform),
        ("cpus", str(here.cpus)),
    ]


def _trial(trial: TrialFinding) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        classname=printable(trial.server or trial.url),
        name=printable(trial.id),
        time=_seconds(trial.makespan_ns),
    )
    failed = [sentence for _, sentence in table.failures([Row(trial.strategy, trial, (trial,))])]
    if failed or not trial.requests:
        reason = failed[0] if failed else next(iter(trial.verdict.doubts), "no request was made")
        ElementTree.SubElement(case, "error", message=printable(reason))
    elif trial.verdict.kind == "undecided":
        reason = next(iter(trial.verdict.doubts), "no reason was recorded")
        ElementTree.SubElement(case, "skipped", message=printable(f"undecided: {reason}"))
    ElementTree.SubElement(case, "system-out").text = "\n".join(_said(trial))
    return case


def _said(trial: TrialFinding) -> list[str]:
    verdict = trial.verdict
    held = f", held back by {blamed(verdict)} {cause_named(verdict)}" if blamed(verdict) else ""
    first = f"{verdict.kind}: {trial.concurrency.sustained} at once{held}"
    return [printable(line) for line in (first, *verdict.because, *verdict.doubts)]


def _check(check: Check) -> ElementTree.Element:
    text, failure = check
    case = ElementTree.Element("testcase", classname="expectation", name=printable(text), time="0")
    if failure is not None:
        ElementTree.SubElement(case, "failure", message=printable(failure))
    return case


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:.6f}"
