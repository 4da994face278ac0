"""Our HAR in Chrome DevTools, as users import it: the Network panel of the browser's own front end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from browserconc.lab import installed_browsers
from browserconc.report import har
from tests.golden.results import default_run

pytestmark = pytest.mark.live

FRONT_END = "devtools://devtools/bundled/devtools_app.html?panel=network"
PATIENCE_MS = 20_000
MS = {"ms": 1.0, "s": 1000.0}


@pytest.fixture
def browser() -> Iterator[Browser]:
    path = installed_browsers.find()
    if path is None:
        pytest.skip("no browser; `browserconc doctor --install-browser` provides one")
    with sync_playwright() as playwright:
        driven = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield driven
        driven.close()


def imported(browser: Browser, file: Path, complaints: list[str]) -> Page:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto(FRONT_END)
    except PlaywrightError:
        pytest.skip("this browser comes without DevTools")
    page.get_by_role("tab", name="Network").first.click()
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Import HAR").click()
    choosing.value.set_files(file)
    return page


def milliseconds(text: str) -> list[float]:
    return [float(number) * MS[unit] for number, unit in re.findall(r"([\d.]+)\s(ms|s)\b", text)]


def test_the_network_panel_shows_each_request_and_how_long_it_was_stalled(
    browser: Browser, tmp_path: Path
) -> None:
    result = default_run()
    tabs = result.trials[1]
    assert tabs.verdict.cause == "cache-lock"
    file = tmp_path / "tabs.har"
    file.write_text(har.render(replace(result, trials=(tabs,))), encoding="utf-8")
    complaints: list[str] = []
    page = imported(browser, file, complaints)

    rows = page.get_by_role("row").filter(has_text="slow?delay")
    expect(rows).to_have_count(len(tabs.requests), timeout=PATIENCE_MS)
    shown = sorted(milliseconds(row)[-1] for row in rows.all_inner_texts())
    lasted = sorted((request.end_ns - request.start_ns) / 1e6 for request in tabs.requests)
    assert shown == pytest.approx(lasted, rel=0.01)

    rows.last.click(position={"x": 60, "y": 8})
    page.get_by_role("tab", name="Timing").click()
    stalled = page.get_by_role("row").filter(has_text="Stalled").first
    expect(stalled).to_be_visible(timeout=PATIENCE_MS)
    blocked = max(entry["timings"]["blocked"] for entry in json.loads(file.read_bytes())["log"]["entries"])
    assert milliseconds(stalled.inner_text()) == pytest.approx([blocked], rel=0.01)
    assert complaints == []
