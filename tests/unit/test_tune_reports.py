"""What `tune` prints keeps to its width, escapes what is foreign, and gives code that is code."""

from __future__ import annotations

import ast
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from browserconc.model.tuning import Advice, HostFacts, Point, Setting, Tuning, Variation, Wear
from browserconc.report import tune, tune_html
from browserconc.report.plot import Dot, plot
from browserconc.report.tune_settings import settings
from tests.golden.tunings import ENVIRONMENT, TUNINGS

WORN = Wear(100, 10_000, 0.1, 400)
LIBRARIES = [
    "playwright-python",
    "playwright-node",
    "puppeteer-cluster",
    "crawlee-python",
    "crawlee-js",
    "scrapy-playwright",
]


def tuned(setting: Setting, *variations: Variation, wear: Wear | None = None, **how: Any) -> Tuning:
    point = Point(setting, 12.0, 0.2, 1, 2, 3, 100, 0, 0, 10**8, 0.9, 0.0, 10**8)
    advice = Advice(point, (point,), None, None, variations=variations, wear=wear)
    return Tuning(ENVIRONMENT, "pages", "throughput", 1, advice, **how)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_but_code_is_wider_than_the_terminal(width):
    text = tune.render(TUNINGS["tune-usual"](), width=width)
    prose = text.split("  playwright-python\n")[0]
    assert max(map(len, prose.splitlines())) <= width


def test_foreign_text_is_harmless_everywhere():
    tuned = TUNINGS["tune-interrupted"]()
    assert "\x1b" not in tune.render(tuned)
    assert "<script>" not in tune_html.render(tuned)


PROXIES = ("http://127.0.0.1:3128", 'http://127.0.0.1:1/"\\')


@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 9), st.sampled_from([(), PROXIES]))
def test_every_setting_has_code_for_every_library(browsers, contexts, tabs, proxies):
    found = settings(tuned(Setting(browsers, contexts, tabs), wear=WORN, proxies=proxies))
    assert [one.crawler for one in found] == LIBRARIES
    for one in found:
        if one.crawler in {"crawlee-python", "scrapy-playwright"}:
            ast.parse(one.code)
        if one.crawler == "playwright-python":
            ast.parse("async def main():\n" + "\n".join(f"    {line}" for line in one.code.splitlines()))
        proxied = "server=http" in one.code or "127.0.0.1:3128" in one.code
        assert proxied == bool(proxies)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("setting", [Setting(1, 8, 1), Setting(2, 3, 4), Setting(1, 1, 5)])
@pytest.mark.parametrize("proxies", [(), PROXIES])
def test_node_reads_the_code_for_it(tmp_path, setting, proxies):
    for one in settings(tuned(setting, wear=WORN, proxies=proxies)):
        if "//" not in one.code.split("\n")[0][:2]:
            continue
        script = tmp_path / f"{one.crawler}.mjs"  # a module, for its top-level await
        script.write_text(one.code)
        checked = subprocess.run(["node", "--check", script], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_the_rate_of_several_hosts_says_so():
    facts = tuple(HostFacts(name, "Linux", 2, 1, 0, 0) for name in "ab")
    found = settings(tuned(Setting(1, 8, 1), hosts=facts))
    assert "12.0 pages/s measured on 2 hosts together" in found[0].code


def test_each_library_has_the_rate_of_its_own_way_to_load_pages():
    variations = (
        Variation("new context per page", "browser", True, 6.0, 0.5, 1),
        Variation("new tab per page", "context", True, 9.0, 0.75, 1),
        Variation("cache off", "tab", False, 3.0, 0.25, 1),
    )
    found = {one.crawler: one for one in settings(tuned(Setting(1, 8, 1), *variations))}
    assert found["playwright-python"].pages_per_s == 12.0
    assert found["puppeteer-cluster"].pages_per_s == pytest.approx(6.0)
    assert "CONCURRENCY_CONTEXT" in found["puppeteer-cluster"].code
    assert found["scrapy-playwright"].pages_per_s == pytest.approx(9.0)


def test_a_rate_that_was_not_measured_is_none():
    found = {one.crawler: one for one in settings(tuned(Setting(1, 1, 8)))}
    assert found["puppeteer-cluster"].pages_per_s is None
    assert "not measured" in found["puppeteer-cluster"].code
    assert "CONCURRENCY_PAGE" in found["puppeteer-cluster"].code


def test_nothing_chosen_gives_no_code():
    assert settings(TUNINGS["tune-interrupted"]()) == ()


@example([(1, 5e-324)], 30, 1.0)
@example([(2, 1.4e-45)], 30, 1.0)
@example([(2, 9999.0)], 30, 1.0)
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
