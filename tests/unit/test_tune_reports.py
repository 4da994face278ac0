"""What `tune` prints keeps to its width, escapes what is foreign, and gives code that is code."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from browserconc.model.tuning import Advice, Point, Setting, Variation
from browserconc.report import tune, tune_html
from browserconc.report.plot import Dot, plot
from browserconc.report.tune_settings import settings
from tests.golden.tunings import TUNINGS

LIBRARIES = [
    "playwright-python",
    "playwright-node",
    "puppeteer-cluster",
    "crawlee-python",
    "crawlee-js",
    "scrapy-playwright",
]


def advice(setting: Setting, *variations: Variation) -> Advice:
    point = Point(setting, 12.0, 0.2, 1, 2, 3, 100, 0, 0, 10**8, 0.9, 0.0, 10**8)
    return Advice(point, (point,), None, None, variations=variations)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_but_code_is_wider_than_the_terminal(width):
    text = tune.render(TUNINGS["tune-usual"](), width=width)
    prose = text.split("  playwright-python\n")[0]
    assert max(map(len, prose.splitlines())) <= width


def test_foreign_text_is_harmless_everywhere():
    tuned = TUNINGS["tune-interrupted"]()
    assert "\x1b" not in tune.render(tuned)
    assert "<script>" not in tune_html.render(tuned)


@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 9))
def test_every_setting_has_code_for_every_library(browsers, contexts, tabs):
    found = settings(advice(Setting(browsers, contexts, tabs)))
    assert [one.crawler for one in found] == LIBRARIES
    for one in found:
        if one.crawler in {"crawlee-python", "scrapy-playwright"}:
            ast.parse(one.code)
        if one.crawler == "playwright-python":
            ast.parse("async def main():\n" + "\n".join(f"    {line}" for line in one.code.splitlines()))


def test_each_library_has_the_rate_of_its_own_way_to_load_pages():
    variations = (
        Variation("new context per page", "browser", True, 6.0, 0.5, 1),
        Variation("new tab per page", "context", True, 9.0, 0.75, 1),
        Variation("cache off", "tab", False, 3.0, 0.25, 1),
    )
    found = {one.crawler: one for one in settings(advice(Setting(1, 8, 1), *variations))}
    assert found["playwright-python"].pages_per_s == 12.0
    assert found["puppeteer-cluster"].pages_per_s == pytest.approx(6.0)
    assert "CONCURRENCY_CONTEXT" in found["puppeteer-cluster"].code
    assert found["scrapy-playwright"].pages_per_s == pytest.approx(9.0)


def test_a_rate_that_was_not_measured_is_none():
    found = {one.crawler: one for one in settings(advice(Setting(1, 1, 8)))}
    assert found["puppeteer-cluster"].pages_per_s is None
    assert "not measured" in found["puppeteer-cluster"].code
    assert "CONCURRENCY_PAGE" in found["puppeteer-cluster"].code


def test_nothing_chosen_gives_no_code():
    assert settings(replace(advice(Setting()), chosen=None)) == ()


@example([(1, 5e-324)], 30, 1.0)
@given(
    st.lists(st.tuples(st.integers(1, 300), st.floats(0, 1e4)), min_size=1, max_size=12),
    st.integers(30, 120),
    st.floats(0.5, 400),
)
def test_any_points_fit_into_the_plot(points, width, mark):
    dots = [Dot(x, y, "c") for x, y in points]
    lines = plot("t", dots, width=width, height=8, curve=lambda n: n, mark=mark)
    assert all(len(line) <= width for line in lines[1:])
    assert any("c" in line for line in lines[1:])
