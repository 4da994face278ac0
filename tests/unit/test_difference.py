"""What counts as better and worse, and what is not judged."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
from click import ClickException
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis import difference, measured_difference
from browserconc.analysis.difference_gate import gated
from browserconc.analysis.measured_difference import Comparison
from browserconc.cli import cli
from browserconc.model.difference import Criterion, Difference
from browserconc.model.finding import Result
from browserconc.report import difference as page
from browserconc.report import result_json
from tests.golden.differences import CRITERION, DIFFERENCES, nothing_in_common, of, queued, slower, tabs
from tests.golden.results import default_run, in_batches, raw, trial

ENVIRONMENT = {
    "browserconc": "0.1.0",
    "python": "3.11.2",
    "platform": "Linux-6.1",
    "cpus": 2,
    "memory_bytes": 8_000_000_000,
    "browser": None,
}


def verdicts(found) -> dict[tuple[str, str], str]:
    return {(change.trial, change.measure): change.verdict for change in found.changes}


def test_a_result_does_not_differ_from_itself():
    result = of([tabs(500 + r, r) for r in range(5)])
    found = difference.compare(result, result, CRITERION)
    assert {change.verdict for change in found.changes} == {"same"}
    assert not found.environment_differences


def test_better_and_worse_are_each_others_opposite():
    a = of([tabs(500 + r, r) for r in range(5)])
    b = of([tabs(700 + r, r) for r in range(5)])
    assert verdicts(difference.compare(a, b, CRITERION))["tabs", "makespan"] == "worse"
    assert verdicts(difference.compare(b, a, CRITERION))["tabs", "makespan"] == "better"


def test_a_difference_below_the_threshold_is_none():
    a, b = (of([tabs(delay + r, r) for r in range(5)]) for delay in (500, 600))
    generous = Criterion({"makespan": 0.3, "waiting": 0.3})
    assert verdicts(difference.compare(a, b, generous))["tabs", "makespan"] == "same"


def test_three_runs_cannot_tell_and_say_how_many_can():
    a, b = (of([tabs(delay + r, r) for r in range(3)]) for delay in (500, 900))
    makespan = next(c for c in difference.compare(a, b, CRITERION).changes if c.measure == "makespan")
    assert (makespan.verdict, makespan.p_value) == ("undecided", pytest.approx(0.1))
    assert makespan.note
    assert "--repeat 5" in makespan.note  # 4, were it not one of two comparisons


def noisy(name: str, numbers: Sequence[float]) -> Comparison:
    """A measure that a first and a second half of runs gave these values in, in milliseconds."""
    values = [number * 1e6 for number in numbers]
    return Comparison(name, "makespan", "ns", values[: len(values) // 2], values[len(values) // 2 :])


LOWER_THEN_HIGHER = (500, 501, 502, 503, 504, 700, 701, 702, 703, 704)
NO_ORDER = (500, 701, 502, 703, 504, 700, 501, 702, 503, 704)


def test_one_change_among_many_comparisons_needs_more_runs():
    lone = noisy("tabs", LOWER_THEN_HIGHER)
    others = [noisy(f"other {n}", NO_ORDER) for n in range(9)]
    (alone,) = measured_difference.changes([lone], CRITERION, alike=True)
    among, *_ = measured_difference.changes([lone, *others], CRITERION, alike=True)
    assert (alone.verdict, alone.corrected_p_value) == ("worse", alone.p_value)
    assert (among.verdict, among.p_value) == ("undecided", alone.p_value)
    assert among.corrected_p_value == pytest.approx(10 * (alone.p_value or 0))
    assert among.note == "among 10 comparisons it may be chance; --repeat 6 can tell"
    longer = noisy("tabs", (*range(500, 506), *range(700, 706)))
    told, *_ = measured_difference.changes([longer, *others], CRITERION, alike=True)
    assert told.verdict == "worse"


def test_where_much_changed_five_runs_show_it():
    changed = [noisy(f"changed {n}", LOWER_THEN_HIGHER) for n in range(4)]
    others = [noisy(f"other {n}", NO_ORDER) for n in range(16)]
    found = measured_difference.changes([*changed, *others], CRITERION, alike=True)
    assert [change.verdict for change in found] == ["worse"] * 4 + ["undecided"] * 16


def test_what_cannot_become_a_change_costs_the_others_nothing():
    lone = noisy("tabs", LOWER_THEN_HIGHER)
    steady = [noisy(f"steady {n}", [500 + (7 * n + 3 * run) % 11 for run in range(10)]) for n in range(50)]
    found = measured_difference.changes([lone, *steady], CRITERION, alike=True)
    assert [change.verdict for change in found] == ["worse"] + ["same"] * 50
    assert {change.corrected_p_value for change in found[1:]} == {None}
    assert found[0].corrected_p_value == found[0].p_value


@given(st.lists(st.lists(st.integers(100, 2000), min_size=10, max_size=10), min_size=1, max_size=6))
def test_a_change_was_counted_and_only_the_correction_takes_changes_away(runs: list[list[int]]):
    comparisons = [noisy(f"trial {n}", values) for n, values in enumerate(runs)]
    together = measured_difference.changes(comparisons, CRITERION, alike=True)
    for one, change in zip(comparisons, together, strict=True):
        (alone,) = measured_difference.changes([one], CRITERION, alike=True)
        if change.verdict in {"better", "worse"}:
            assert one.may_change(CRITERION)
            assert change.verdict == alone.verdict
        elif change.verdict != alone.verdict:
            assert change.note
            assert "may be chance" in change.note


def test_where_nothing_changed_the_gate_seldom_fails():
    chance = Random(1)
    failed = 0
    for _ in range(100):
        comparisons = [noisy(f"trial {n}", [chance.uniform(300, 900) for _ in range(10)]) for n in range(12)]
        found = measured_difference.changes(comparisons, CRITERION, alike=True)
        failed += gated(Difference("A", "B", (), (), tuple(found)), CRITERION).gate == "failed"
    assert failed <= 10  # with the p-values as they are, about 30 of 100 would


def test_a_changed_verdict_needs_no_repeats():
    a, b = of([queued(4, 0)]), of([queued(2, 0)])
    assert verdicts(difference.compare(a, b, CRITERION))["contexts", "verdict"] == "worse"
    assert verdicts(difference.compare(b, a, CRITERION))["contexts", "verdict"] == "better"


def test_an_undecided_trial_is_not_judged():
    unclear = trial(
        "contexts", in_batches(10, 4), "undecided", sustained=4, doubts=("the machine was busy.",)
    )
    found = difference.compare(of([queued(4, 0)]), of([unclear]), CRITERION)
    change = found.changes[0]
    assert change.verdict == "undecided"
    assert "the machine was busy" in (change.note or "")


def test_repeats_that_disagree_are_not_judged():
    torn = of([queued(2, 0), replace(queued(4, 1), server="gunicorn-sync:2")])
    assert verdicts(difference.compare(torn, torn, CRITERION))["contexts", "verdict"] == "undecided"


def test_times_of_another_machine_are_not_judged_unless_asked_for():
    a, b = (of([tabs(delay + r, r) for r in range(5)]) for delay in (500, 900))
    b = replace(b, environment=replace(b.environment, cpus=64))
    found = difference.compare(a, b, CRITERION)
    assert found.environment_differences == ("cores: A 2, B 64",)
    assert verdicts(found)["tabs", "makespan"] == "undecided"
    assert verdicts(found)["tabs", "verdict"] == "same"
    anyway = difference.compare(a, b, replace(CRITERION, across_machines=True))
    assert verdicts(anyway)["tabs", "makespan"] == "worse"


def test_other_loads_are_refused():
    found = nothing_in_common()
    assert not found.comparable
    assert not found.changes


def test_what_was_observed_is_not_compared_with_what_was_run():
    a = default_run()
    b = replace(a, command="explain", trials=tuple(replace(one, server=None) for one in a.trials))
    assert "observed" in difference.compare(a, b, CRITERION).refusals[0]


def test_browsers_of_one_result_are_compared_each_with_itself():
    def both(delay: int) -> Result:
        browsers = ("chromium", "firefox")
        return of([replace(tabs(delay * (2 if b == "firefox" else 1), 0), browser=b) for b in browsers])

    found = difference.compare(both(500), both(500), CRITERION)
    makespans = {c.trial: c.ratio for c in found.changes if c.measure == "makespan"}
    assert makespans == {"tabs in chromium": 1.0, "tabs in firefox": 1.0}


def test_one_browser_is_compared_with_another():
    a, b = (of([replace(tabs(500, 0), browser=name)]) for name in ("chromium", "firefox"))
    assert verdicts(difference.compare(a, b, CRITERION))["tabs", "verdict"] == "same"


def test_failures_of_every_run_are_worse():
    good = of([raw(3)])
    failed = [replace(one, status=500) for one in raw(3).requests]
    bad = of([replace(raw(3), requests=tuple(failed))])
    assert verdicts(difference.compare(good, bad, CRITERION))["raw-socket", "errors"] == "worse"
    assert verdicts(difference.compare(bad, good, CRITERION))["raw-socket", "errors"] == "better"


@pytest.mark.parametrize("name", DIFFERENCES)
def test_medians_and_ratio_agree(name):
    for change in DIFFERENCES[name]().changes:
        if change.ratio is not None:
            assert change.ratio == pytest.approx(change.b / change.a)


@dataclass
class Ended:
    """What `main` would exit with, and what stands on stdout and stderr."""

    exit_code: int
    stdout: str
    stderr: str


def diff(*arguments: object) -> Ended:
    ended = CliRunner().invoke(cli, ["diff", *map(str, arguments)], standalone_mode=False)
    if isinstance(ended.exception, ClickException):
        return Ended(ended.exception.exit_code, ended.stdout, ended.exception.format_message())
    assert ended.exception is None, ended.exception
    return Ended(ended.return_value, ended.stdout, ended.stderr)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "a.json", tmp_path / "b.json"
    for path, delay in zip(paths, (500, 600), strict=True):
        path.write_text(result_json.render(of([tabs(delay + r, r) for r in range(5)])))
    return paths


def test_the_gate_decides_the_exit_code(files):
    a, b = files
    assert diff(a, b).exit_code == 0
    assert diff(a, b, "--gate").exit_code == 1
    assert diff(b, a, "--gate").exit_code == 0
    assert diff(a, b, "--gate", "--threshold", "makespan:30%").exit_code == 0


def test_json_has_the_fields_of_the_contract(files):
    found = json.loads(diff(*files, "--gate", "--json", "-").stdout)
    assert found["schema"] == "browserconc/diff-1"
    assert (found["comparable"], found["gate"]) == (True, "failed")
    for change in found["changes"]:
        assert {"trial", "measure", "a", "b", "ratio", "p_value", "verdict"} <= change.keys()
    makespan = next(change for change in found["changes"] if change["measure"] == "makespan")
    assert makespan["a"] == pytest.approx(slower().changes[1].a / 1e9)


@pytest.mark.parametrize("text", ["makespan", "makespan:-3%", "luck:10%", "makespan:10"])
def test_a_threshold_that_makes_no_sense_is_wrong_usage(files, text):
    ended = diff(*files, "--threshold", text)
    assert ended.exit_code == 2
    assert "\n" not in ended.stderr.strip()


def servers(*rows: dict[str, object]) -> str:
    return json.dumps({"schema": "browserconc/servers-1", "environment": ENVIRONMENT, "servers": rows})


def row(name: str, measured: int | None, **more: object) -> dict[str, object]:
    return {
        "server": name,
        "model": "threads",
        "stated": None,
        "measured": measured,
        "probed_up_to": 32,
        "pids": 1,
        "keep_alive": True,
        "silent_connection_blocks": False,
        "error": None,
        **more,
    }


def limits(*rows: tuple[str, float | None, float | None, float | None, str]) -> str:
    names = ("id", "value", "low", "high", "unit")
    found = [
        {**dict(zip(names, row, strict=True)), "published": "6", "consequence": "", "error": None}
        for row in rows
    ]
    return json.dumps({"schema": "browserconc/limits-1", "environment": ENVIRONMENT, "limits": found})


def compared(folder: Path, a: str, b: str) -> dict[tuple[str, str], str]:
    (folder / "a.json").write_text(a)
    (folder / "b.json").write_text(b)
    found = json.loads(diff(folder / "a.json", folder / "b.json", "--json", "-").stdout)
    return {(change["trial"], change["measure"]): change["verdict"] for change in found["changes"]}


def test_surveys_of_servers_are_compared(tmp_path):
    a = servers(row("waitress:4", 4), row("gevent", None), row("sanic:2", 2), row("uvicorn", 4))
    b = servers(
        row("waitress:4", 2, silent_connection_blocks=True),
        row("gevent", 100),
        row("sanic:2", 3),
        row("uvicorn", None, error="it did not start"),
    )
    assert compared(tmp_path, a, b) == {
        ("waitress:4", "limit"): "worse",
        ("waitress:4", "keep_alive"): "same",
        ("waitress:4", "silent_connection_blocks"): "worse",
        ("gevent", "limit"): "worse",
        ("gevent", "keep_alive"): "same",
        ("gevent", "silent_connection_blocks"): "same",
        ("sanic:2", "limit"): "better",
        ("sanic:2", "keep_alive"): "same",
        ("sanic:2", "silent_connection_blocks"): "same",
        ("uvicorn", "limit"): "undecided",
        ("uvicorn", "keep_alive"): "same",
        ("uvicorn", "silent_connection_blocks"): "same",
    }


def test_limits_that_are_ranges_change_only_where_these_do_not_overlap(tmp_path):
    a = limits(("per-host", 6, 6, 6, "connections"), ("pool", 300, 256, 320, "connections"))
    b = limits(("per-host", 9, 9, 9, "connections"), ("pool", 260, 256, 300, "connections"))
    assert compared(tmp_path, a, b) == {("per-host", "limit"): "better", ("pool", "limit"): "same"}


def test_different_kinds_are_refused(tmp_path, files):
    (tmp_path / "servers.json").write_text(servers(row("gevent", None)))
    ended = diff(files[0], tmp_path / "servers.json")
    assert ended.exit_code == 0
    assert "two of the same kind" in " ".join(ended.stdout.split())
    assert diff(files[0], tmp_path / "servers.json", "--gate").exit_code == 3


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"schema": "browserconc/other-1"}', '{"schema": 3}', "\x00"]
)
def test_a_file_that_is_no_result_is_one_sentence(tmp_path, files, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    ended = diff(files[0], path)
    assert ended.exit_code == 3
    assert ended.stderr.startswith(str(path))


def test_a_folder_that_is_no_recording_is_one_sentence(tmp_path, files):
    assert "not a browserconc recording" in diff(files[0], tmp_path).stderr
    assert diff(files[0], tmp_path / "missing.json").exit_code == 3


def tuned(*points: tuple[int, float], chosen: int, error: float = 0.1, **more: object) -> str:
    """Contexts and their pages per second."""
    found = [
        {
            "browsers": 1,
            "contexts": contexts,
            "tabs": 1,
            "pages_per_s": rate,
            "p95_s": 1.0,
            "errors": 0,
            "rss_bytes": None,
            "cpu_share": 0.5,
            "bound_by": None,
            "pages_per_s_error": error,
        }
        for contexts, rate in points
    ]
    return json.dumps(
        {
            "schema": "browserconc/tune-1",
            "environment": ENVIRONMENT,
            "chosen": next(point for point in found if point["contexts"] == chosen),
            "points": found,
            "fit": {"sigma": 0.1, "kappa": 0.1, "knee": 9.0, "knee_low": 8.0, "knee_high": 11.0},
            "settings": {},
            "target": "http://127.0.0.1/",
            **more,
        }
    )


def test_settings_of_a_crawler_are_compared(tmp_path):
    a = tuned((4, 6.0), (8, 10.0), (16, 10.1), chosen=8)
    slower = tuned((4, 3.0), (8, 7.0), (16, 10.2), chosen=8)
    assert compared(tmp_path, a, slower) == {
        ("chosen", "setting"): "same",
        ("chosen", "rate"): "worse",
        ("fitted curve", "knee"): "same",
    }
    assert compared(tmp_path, slower, a)["chosen", "rate"] == "better"
    assert set(compared(tmp_path, a, a).values()) == {"same"}


def test_settings_that_differ_show_the_points_that_both_measured(tmp_path):
    a = tuned((4, 6.0), (8, 10.0), (16, 10.1), chosen=8)
    b = tuned((4, 6.0), (8, 5.0), (16, 14.0), chosen=16)
    assert compared(tmp_path, a, b) == {
        ("chosen", "setting"): "undecided",
        ("chosen", "rate"): "better",
        ("fitted curve", "knee"): "same",
        ("1 x 8 x 1", "point"): "worse",
        ("1 x 16 x 1", "point"): "better",
    }


@pytest.mark.parametrize(
    ("rate", "error", "standing"),
    [(8.5, 0.01, "same"), (7.0, 2.0, "undecided"), (7.9, 0.01, "worse"), (10.0, 2.0, "undecided")],
)
def test_a_rate_must_differ_by_more_than_its_error_and_a_fifth(tmp_path, rate, error, standing):
    a, b = tuned((8, 10.0), chosen=8, error=error), tuned((8, rate), chosen=8, error=error)
    assert compared(tmp_path, a, b)["chosen", "rate"] == standing


def test_rates_of_other_machines_and_other_pages_are_not_judged(tmp_path):
    a = tuned((8, 10.0), chosen=8)
    elsewhere = tuned((8, 5.0), chosen=8, environment={**ENVIRONMENT, "cpus": 16})
    assert compared(tmp_path, a, elsewhere)["chosen", "rate"] == "undecided"
    (tmp_path / "a.json").write_text(a)
    (tmp_path / "b.json").write_text(tuned((8, 5.0), chosen=8, target="http://127.0.0.1/other"))
    found = json.loads(diff(tmp_path / "a.json", tmp_path / "b.json", "--json", "-").stdout)
    assert not found["comparable"]
    assert "another page is another load" in found["refusals"][0]


def test_a_rate_without_an_error_is_not_judged(tmp_path):
    a, b = (tuned((8, rate), chosen=8).replace("pages_per_s_error", "x") for rate in (10.0, 5.0))
    assert compared(tmp_path, a, b)["chosen", "rate"] == "undecided"


def test_the_gate_looks_at_the_rate_of_the_chosen_setting(tmp_path):
    (tmp_path / "a.json").write_text(tuned((8, 10.0), chosen=8))
    (tmp_path / "b.json").write_text(tuned((8, 6.0), chosen=8))
    assert diff(tmp_path / "a.json", tmp_path / "b.json", "--gate").exit_code == 1
    generous = ("--gate", "--threshold", "rate:50%")
    assert diff(tmp_path / "a.json", tmp_path / "b.json", *generous).exit_code == 0


@pytest.mark.parametrize("width", [60, 80])
def test_long_names_leave_room_for_the_figures(width):
    """A server's name in brackets once left three columns for each figure."""

    def result(delay: int) -> Result:
        wide = replace(tabs(delay, 0), strategy="user-data-dirs", server="gunicorn-gthread:2x4")
        usual = [replace(tabs(500, 0), strategy=name) for name in ("tabs", "user-data-dirs")]
        return of([replace(trial, repeat=r) for r in range(5) for trial in (wide, *usual)])

    found = difference.compare(result(500), result(900), CRITERION)
    lines = page.render(found, width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("user-data-dirs (gunicorn-gthread:2x4)" in line for line in lines)
    assert any(re.search(r"makespan +\d\.\d\d s +\d\.\d\d s +1\.\d\d +\.008  worse$", line) for line in lines)
