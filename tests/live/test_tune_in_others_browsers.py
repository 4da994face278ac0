"""`browserconc tune` in browsers that others started: they are used, left running, and not counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from browserconc.lab.browser import BrowserError
from browserconc.lab.browser.pool import Pool
from browserconc.lab.browser.remote_browsers import remote_pool
from browserconc.lab.cdp_connection import connected
from browserconc.lab.crawl import Crawl
from browserconc.lab.memory_pressure import Gauge
from browserconc.lab.process import Household
from browserconc.model.crawl import Sample
from browserconc.model.plan import BrowserChoice
from browserconc.model.tuning import Ask, Setting
from tests.live.browsers_of_others import CHROMIUM, playwright_server, running_chromium, served_browser
from tests.live.command import run

pytestmark = [pytest.mark.live, pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium")]


@pytest.fixture
def household() -> Iterator[Household]:
    with Household() as household:
        yield household


async def test_a_chrome_that_runs_already_is_searched_alone_and_left_running(
    tmp_path: Path, household: Household
) -> None:
    address = running_chromium(household)
    ended = run(tmp_path, "tune", "--cdp", address, "--budget", "10", "--json", "-", "--quiet")
    assert ended.code == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["remotes"] == [address]
    assert found["chosen"]["pages_per_s"] > 0
    for point in found["points"]:
        assert point["browsers"] == 1
        assert (point["rss_bytes"], point["cpu_s_per_page"], point["cpu_share_of_others"]) == (None,) * 3
    assert "started by somebody else" in " ".join(found["doubts"])
    async with connected(address) as browser:
        for _ in range(100):  # they close when the driver lets go of the browser
            contexts = (await browser.send("Target.getBrowserContexts"))["browserContextIds"]
            if not contexts:
                break
            await asyncio.sleep(0.1)
        targets = (await browser.send("Target.getTargets"))["targetInfos"]
    assert contexts == []
    assert [target["url"] for target in targets if target["type"] == "page"] == ["about:blank"]


async def test_a_playwright_server_gives_a_browser_for_each_connection(household: Household) -> None:
    choice = BrowserChoice(connect=playwright_server(household))
    async with remote_pool(household, [choice]) as (pool, most):
        assert most is None
        sample = await window(pool, household)
    assert {load.tab for load in sample.loads if load.error is None} == {0, 1}
    assert (sample.cpu_ns, sample.memory_bytes, sample.pool_bytes) == (None, None, None)


async def test_a_server_of_one_browser_is_known_for_it_however_it_is_named(household: Household) -> None:
    address = served_browser(household)
    async with remote_pool(household, [BrowserChoice(connect=address)]) as (_, most):
        assert most == 1
    with pytest.raises(BrowserError, match="two ways to one browser"):
        async with remote_pool(household, [BrowserChoice(connect=address)] * 2):
            pass


async def test_a_browser_that_is_lost_for_good_is_a_sentence(household: Household) -> None:
    before = children()
    choices = [BrowserChoice(cdp=running_chromium(household))]
    theirs = children() - before
    choices.append(BrowserChoice(cdp=running_chromium(household)))
    async with remote_pool(household, choices) as (pool, most):
        assert most == 2
        sample = await window(pool, household)
        assert {load.tab for load in sample.loads if load.error is None} == {0, 1}
        for process in theirs:
            process.kill()
        with pytest.raises(BrowserError, match="No browser answers at"):
            await windows(3, pool, household)  # the first of them may still see it crash


async def window(pool: Pool, household: Household) -> Sample:
    """Two browsers, with a tab in each."""
    crawl = Crawl(pool, lambda many_sites: "data:text/html,ok", Gauge.now(), 50.0, 10.0)
    return await crawl.window(Ask(Setting(2, 1, 1), 500_000_000, "test"), household.root / "trace")


async def windows(count: int, pool: Pool, household: Household) -> None:
    for _ in range(count):
        await window(pool, household)


def children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))
