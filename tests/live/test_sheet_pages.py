"""The pages of surveys and searches in a real browser: readable by everyone, and silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright

from browserconc.lab import installed_browsers
from tests.golden.surveys import SURVEYS

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = installed_browsers.find()
    if path is None:
        pytest.skip("no browser; `browserconc doctor --install-browser` provides one")
    with sync_playwright() as playwright:
        driven = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield driven
        driven.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 400), ("dark", 1280)])
@pytest.mark.parametrize("name", SURVEYS)
def test_page_is_readable_and_asks_for_nothing(
    name: str, scheme: Literal["light", "dark"], width: int, browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(SURVEYS[name]().by_option["html"](), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", level=1)).not_to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator("script").count() == 0
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in {"serious", "critical"}]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []
    assert complaints == []
    assert [url for url in asked if url != file.as_uri() and not url.startswith("data:")] == []
    context.close()


def test_each_limit_stands_beside_its_consequence(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "limits.html"
    file.write_text(SURVEYS["limits"]().by_option["html"](), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    rows = page.get_by_role("row").all_inner_texts()
    assert rows[1].split() == ["per-host", "6", "connections", "6"]
    assert rows[2].strip() == "A page has so many requests to one host at once. (its own log says 6)"
    assert "303-441" in rows[3]
    page.close()
