"""The reports as texts in files: a change of wording or layout shows up as a readable diff."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from browserconc import diagnose_recording
from browserconc.model.difference import Difference
from browserconc.model.finding import Result
from browserconc.report import (
    difference,
    difference_json,
    forms,
    har,
    junit,
    markdown,
    perfetto,
    result_json,
    terminal,
)
from tests.golden.differences import DIFFERENCES
from tests.golden.results import RESULTS
from tests.golden.surveys import SURVEYS

HERE = Path(__file__).parent
DIAGNOSED = HERE.parent / "recordings" / "diagnose-page"
REPORTS: dict[str, Callable[[Result], str]] = {
    "txt": terminal.render,
    "md": markdown.render,
    "junit.xml": junit.render,
}
FOR_OTHER_TOOLS: dict[str, Callable[[Result], str]] = {
    "json": result_json.render,
    "har": har.render,
    "trace.json": perfetto.render,
}
"""Long ones: one result of each will do."""

SURVEY_FORMS = {"txt": None, "json": "json", "html": "html", "md": "markdown"}
"""The suffix of each file, and the option that writes it; None is the terminal's."""

COMPARISONS: dict[str, Callable[[Difference], str]] = {
    "txt": difference.render,
    "md": difference.markdown,
    "json": difference_json.render,
}


@pytest.mark.parametrize("name", DIFFERENCES)
@pytest.mark.parametrize("form", COMPARISONS)
def test_comparison_is_the_golden_one(name: str, form: str, request: pytest.FixtureRequest) -> None:
    golden = HERE / f"{name}.{form}"
    rendered = COMPARISONS[form](DIFFERENCES[name]())
    if request.config.getoption("--update-golden"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SURVEYS)
@pytest.mark.parametrize("form", SURVEY_FORMS)
def test_survey_is_the_golden_one(name: str, form: str, request: pytest.FixtureRequest) -> None:
    golden = HERE / f"{name}.{form}"
    shown, option = SURVEYS[name](), SURVEY_FORMS[form]
    rendered = shown.by_option[option]() if option else shown.on_terminal()
    if request.config.getoption("--update-golden"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SURVEYS)
def test_survey_is_shown_again_from_its_json(name: str) -> None:
    text = (HERE / f"{name}.json").read_bytes()
    shown = forms.read(json.loads(text)["schema"], text)
    assert shown
    assert shown.on_terminal() == (HERE / f"{name}.txt").read_text(encoding="utf-8")
    for form, option in SURVEY_FORMS.items():
        if option:
            assert shown.by_option[option]() == (HERE / f"{name}.{form}").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("form", REPORTS)
def test_report_is_the_golden_one(name: str, form: str, request: pytest.FixtureRequest) -> None:
    golden = HERE / f"{name}.{form}"
    rendered = REPORTS[form](RESULTS[name]())
    if request.config.getoption("--update-golden"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FOR_OTHER_TOOLS)
def test_file_is_the_golden_one(form: str, request: pytest.FixtureRequest) -> None:
    golden = HERE / f"forum-thread.{form}"
    rendered = FOR_OTHER_TOOLS[form](RESULTS["forum-thread"]())
    if request.config.getoption("--update-golden"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


def test_ascii_report_is_the_golden_one(request: pytest.FixtureRequest) -> None:
    golden = HERE / "default-ascii.txt"
    rendered = terminal.render(RESULTS["default"](), encoding="ascii")
    if request.config.getoption("--update-golden"):
        golden.write_text(rendered, encoding="ascii")
    assert rendered == golden.read_text(encoding="ascii")


def test_default_run_fits_one_screen() -> None:
    assert len(terminal.render(RESULTS["default"]()).splitlines()) <= 48


@pytest.mark.parametrize("name", RESULTS)
def test_golden_results_partition_exactly(name: str) -> None:
    for request in (request for trial in RESULTS[name]().trials for request in trial.requests):
        edges = [request.start_ns, *(piece.end_ns for piece in request.slices)]
        assert [piece.start_ns for piece in request.slices] == edges[:-1]
        assert edges[-1] == request.end_ns


@pytest.mark.parametrize("form", ["txt", "md"])
def test_diagnosis_is_the_golden_one(form: str, request: pytest.FixtureRequest) -> None:
    found = replace(diagnose_recording.analyze(DIAGNOSED), recording=None)
    golden = HERE / f"diagnose-page.{form}"
    rendered = REPORTS[form](found)
    if request.config.getoption("--update-golden"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")
    assert form == "md" or max(map(len, rendered.splitlines())) <= 80
