"""The library as a program uses it: with real servers and browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

import browserconc
from browserconc.lab import installed_browsers
from tests.live.test_explain import Chromium, assert_six_at_once, chromium, site  # noqa: F401

pytestmark = pytest.mark.live


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=installed_browsers.find(), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


async def test_a_crawler_watches_the_browser_that_it_drives(browser: Browser, site: str):  # noqa: F811
    async with browserconc.watch(browser, url=site) as seen:
        page = await browser.new_page()
        await page.goto(site)
        await page.wait_for_function("document.title == 'done'")
    assert_six_at_once(seen.result, site)
    assert "host limit" in seen.result.text()
    await page.goto(site)  # the browser is still the crawler's


async def test_a_block_in_which_nothing_happens_disturbs_nobody(browser: Browser):
    async with browserconc.watch(browser, url="nobody.test") as seen:
        pass
    with pytest.raises(browserconc.MeasurementError, match="holds no request"):
        seen.result  # noqa: B018


def test_a_program_without_a_loop_watches_by_the_debugging_port(chromium: Chromium, site: str):  # noqa: F811
    with browserconc.watch(chromium.address, url=site) as seen:
        chromium.load(site)
    assert_six_at_once(seen.result, site)


def test_compare_runs_also_where_a_loop_runs_already(tmp_path: Path):
    async def cell() -> browserconc.Result:
        return browserconc.compare(tabs=3, delay=0.2, strategies=["raw-socket"], out=tmp_path / "run")

    result = asyncio.run(cell())
    assert [trial.verdict.kind for trial in result.trials] == ["concurrent"]
    assert browserconc.Result.load(tmp_path / "run") == result
    assert browserconc.explain(tmp_path / "run").trials == result.trials
