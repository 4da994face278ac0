"""Firefox, and browsers that others started: verdicts are right or undecided, and nothing is left behind."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from browserconc import pipeline, profile
from browserconc.lab import installed_browsers, stock_firefox
from browserconc.lab.process import Household, run
from browserconc.lab.process_tree import browser_pids
from browserconc.model.finding import Result, TrialFinding
from tests.live import command
from tests.live.browsers_of_others import CHROMIUM, STARTING_S, playwright_server, running_chromium
from tests.live.test_diagnose import site

FIREFOX = installed_browsers.find("firefox")

pytestmark = [pytest.mark.live, pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium")]
needs_firefox = pytest.mark.skipif(FIREFOX is None, reason="needs a Firefox")


async def compared(folder: Path, **options: object) -> dict[str, TrialFinding]:
    plan = profile.plan(None, **{"tabs": 8, "delay": 0.6, **options})
    await pipeline.compare(plan, folder, pipeline.Progress())
    result: Result = pipeline.analyze(folder)
    assert not browser_pids()
    return {trial.id: trial for trial in result.trials}


def said(trial: TrialFinding) -> str:
    return " ".join(trial.verdict.doubts)


@needs_firefox
async def test_firefox_says_in_its_own_log_what_its_requests_waited_for(tmp_path: Path):
    found = await compared(tmp_path, browser="firefox", strategies="raw-socket,tabs,contexts,fetch-distinct")
    assert found["raw-socket"].verdict.kind == "concurrent"
    tabs, fetch = found["tabs"].verdict, found["fetch-distinct"].verdict
    assert (tabs.kind, tabs.cause) == ("limited", "cache-lock")
    assert tabs.limit == 7, "all but the first go together"
    assert (fetch.kind, fetch.cause, fetch.limit) == ("limited", "host-limit", 6)
    # A busy machine may start them far apart; nobody else may be blamed.
    assert found["contexts"].verdict.culprit in (None, "client")
    for trial in found.values():
        assert all(request.server for request in trial.requests)
        assert "missing" not in said(trial)
    assert not list(tmp_path.rglob("*netlog*"))
    log = next(tmp_path.glob("mozlog-1.moz_log")).read_text()
    assert "User-Agent" not in log
    assert "mozilla.com" not in log, "it asked others than the test server"


@needs_firefox
def test_a_playwright_that_cannot_drive_firefox_says_which_can(tmp_path: Path):
    """Of the newest Playwright, where it is the one that is installed."""
    version = run([sys.executable, "-m", "playwright", "--version"], STARTING_S).stdout.split()[-1]
    assert stock_firefox.is_driven_by(version), "the tests' own Playwright is out of the supported range"


@pytest.fixture
def household() -> Iterator[Household]:
    with Household() as household:
        yield household


async def test_a_chrome_that_runs_already_is_used_and_left_running(tmp_path: Path, household: Household):
    from browserconc.lab.cdp_connection import connected  # noqa: PLC0415

    address = running_chromium(household)
    plan = profile.plan(None, tabs=8, delay=0.8, cdp=address, strategies="tabs,tabs-distinct,browsers")
    await pipeline.compare(plan, tmp_path, pipeline.Progress())
    found = {trial.id: trial for trial in pipeline.analyze(tmp_path).trials}
    tabs, distinct = found["tabs"], found["tabs-distinct"]
    assert (tabs.verdict.kind, tabs.verdict.cause) == ("serial", "cache-lock")
    assert (distinct.verdict.kind, distinct.verdict.cause) == ("limited", "host-limit")
    assert tabs.cost is None
    assert "started by somebody else" in said(tabs)
    assert "one browser: leave browsers out" in said(found["browsers"])
    async with connected(address) as browser:
        targets = (await browser.send("Target.getTargets"))["targetInfos"]
    assert [target["url"] for target in targets if target["type"] == "page"] == ["about:blank"]


async def test_browsers_of_a_playwright_server(tmp_path: Path, household: Household):
    asked = playwright_server(household)
    plan = profile.plan(None, tabs=4, delay=0.5, connect=asked, strategies="tabs,user-data-dirs")
    await pipeline.compare(plan, tmp_path, pipeline.Progress())
    found = {trial.id: trial for trial in pipeline.analyze(tmp_path).trials}
    assert (found["tabs"].verdict.kind, found["tabs"].verdict.cause) == ("serial", "cache-lock")
    assert "off-the-record" in said(found["tabs"])
    assert "leave user-data-dirs out" in said(found["user-data-dirs"])


def test_diagnose_uses_a_chrome_that_runs_already(tmp_path: Path, household: Household):
    address = running_chromium(household)
    with site() as origin:
        options = ("--tabs", "3", "--quiet", "--json", "-", "--cdp", address)
        ended = command.run(tmp_path, "diagnose", f"{origin}/report", *options)
    assert ended.code == 0, ended.stderr
    result = json.loads(ended.stdout)
    found = result["conclusion"]
    assert (found["culprit"], found["cause"], found["limit"]) == ("browser", "cache-lock", 1)
    (tabs,) = (trial for trial in result["trials"] if trial["strategy"] == "tabs")
    assert tabs["cost"] is None
    assert "started by somebody else" in " ".join(tabs["verdict"]["doubts"])


def test_limits_of_a_playwright_servers_browser(tmp_path: Path, household: Household):
    asked = playwright_server(household)
    only = "cache-lock-post,h2-streams-3,hidden-tab-timers"
    ended = command.run(
        tmp_path, "limits", "--quick", "--quiet", "--json", "-", "--connect", asked, "--only", only
    )
    assert ended.code == 0, ended.stderr
    post, streams, hidden = sorted(json.loads(ended.stdout)["limits"], key=lambda limit: limit["id"])
    assert (post["value"], streams["value"], hidden["value"]) == (4, 3, None)
    assert "a browser that is started for it" in hidden["error"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--cookie", "sid=1", "--cdp", "http://127.0.0.1:1"), "log in there by hand"),
        (("--connect", "ws://127.0.0.1:1", "--cdp", "http://127.0.0.1:1"), "two ways to one browser"),
        (("--cdp", "127.0.0.1:9222"), "begins with http://"),
        (("--browser", "chromium,chrome"), "Only one browser"),
    ],
)
def test_what_diagnose_does_not_do_with_a_browser_of_others_is_a_sentence(
    tmp_path: Path, options: tuple[str, ...], sentence: str
):
    ended = command.run(tmp_path, "diagnose", "http://127.0.0.1:1/", *options)
    assert ended.code == 2
    assert sentence in ended.sentence()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cdp": "http://127.0.0.1:1"}, "No browser answers at http://127.0.0.1:1"),
        ({"connect": "ws://127.0.0.1:1/secret?token=x"}, "gives no browser"),
        ({"cdp": "http://203.0.113.7:9222"}, "run browserconc beside the browser"),
        ({"browser": "webkit"}, "playwright install webkit"),
    ],
)
async def test_a_browser_that_cannot_be_had_is_a_sentence(
    tmp_path: Path, options: dict[str, str], sentence: str
):
    if options.get("browser") == "webkit":
        with pytest.raises(Exception, match=sentence):
            await compared(tmp_path, strategies="tabs", **options)
        return
    (tabs,) = (await compared(tmp_path, strategies="tabs", **options)).values()
    assert tabs.verdict.kind == "undecided"
    assert sentence in tabs.verdict.doubts[0]
    assert "token" not in tabs.verdict.doubts[0]
