"""The library: its import costs nothing, its results show themselves, its errors are one sentence."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys

import pytest

import browserconc
from browserconc import aio, sync
from browserconc.report import result_json
from tests.golden.results import RESULTS


def test_the_import_loads_nothing_else():
    code = "import sys; before = set(sys.modules); import browserconc; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"playwright", "rich", "msgspec", "click", "flask", "asyncio", "psutil", "gevent"}
    assert not heavy & {name.partition(".")[0] for name in loaded.split()}


def test_every_name_is_there():
    assert set(browserconc.__all__) <= set(dir(browserconc))
    assert all(getattr(browserconc, name) for name in browserconc.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        browserconc.nonsense  # noqa: B018


@pytest.mark.parametrize("name", sync.__all__)
def test_both_kinds_take_the_same_arguments(name: str):
    ours, theirs = getattr(sync, name), getattr(aio, name)
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert ours.__doc__ == theirs.__doc__
    assert not inspect.iscoroutinefunction(ours)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_shows_itself(name: str, tmp_path):
    result = browserconc.Result.of(RESULTS[name]())
    assert str(result) == result.text()
    assert result.text().startswith(result.markdown().splitlines()[0].removeprefix("### ").split(",")[0][:20])
    assert result_json.parse(result.json()) == RESULTS[name]()
    shown = result._repr_html_()
    assert shown.startswith("<iframe")
    assert shown.count("<") == 2, "the page is escaped"
    (tmp_path / "result.json").write_text(result.json())
    assert browserconc.Result.load(tmp_path / "result.json") == result


def test_a_notebook_that_runs_a_loop_gets_its_answer(tmp_path):
    async def cell() -> None:
        with pytest.raises(browserconc.MeasurementError, match="cannot be read"):
            browserconc.explain(tmp_path / "missing.json")

    asyncio.run(cell())


def test_wrong_names_are_value_errors():
    with pytest.raises(ValueError, match="no-cache"):
        browserconc.compare(strategies=["no-cash"])


def test_what_cannot_be_watched_is_one_sentence():
    with pytest.raises(browserconc.MeasurementError, match="A dict cannot be watched"), browserconc.watch({}):
        pass
    seen = browserconc.watch("http://127.0.0.1:1")
    with pytest.raises(browserconc.MeasurementError, match="still watched"):
        seen.result  # noqa: B018
    with pytest.raises(browserconc.MeasurementError, match="No browser answers"), seen:
        pass
