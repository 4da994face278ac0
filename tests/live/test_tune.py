"""`browserconc tune` as a user runs it, and the parts of it that need a real browser."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from browserconc.lab import leave, robots
from browserconc.lab.browser.pool import pool_of
from browserconc.lab.crawl import Crawl
from browserconc.lab.memory_pressure import Gauge
from browserconc.lab.process import Household
from browserconc.lab.proxy import Proxy
from browserconc.lab.servers import parse, start
from browserconc.model.plan import BrowserChoice
from browserconc.model.tuning import Ask, Setting
from tests.live.command import Command, run
from tests.live.small_servers import answering, forwarding, refused_port, serving

pytestmark = pytest.mark.live

POINT = {"browsers", "contexts", "tabs", "pages_per_s", "p95_s", "rss_bytes", "cpu_share", "bound_by"}
SETTINGS = {
    "playwright-python",
    "playwright-node",
    "puppeteer-cluster",
    "crawlee-python",
    "crawlee-js",
    "scrapy-playwright",
}


def test_it_chooses_a_setting_and_keeps_to_its_budget(tmp_path: Path) -> None:
    page = tmp_path / "tune.html"
    ended = run(tmp_path, "tune", "--budget", "20", "--json", "-", "--html", str(page), "--quiet")
    assert ended.code == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["schema"] == "browserconc/tune-1"
    chosen = found["chosen"]
    assert set(chosen) >= POINT
    assert chosen["pages_per_s"] >= 0.9 * found["points"][0]["pages_per_s"]
    assert all(set(point) >= {*POINT, "errors"} for point in found["points"])
    assert len(found["points"]) >= 2
    assert set(found["settings"]) == SETTINGS
    assert not any("user-data-dir" in switch for switch in found["environment"]["browser"]["switches"])
    assert found["took_s"] < 30  # the machine that runs the tests may be busy
    assert "<svg" in page.read_text()


def test_ctrl_c_prints_the_best_so_far(tmp_path: Path) -> None:
    command = Command(tmp_path, "tune", "--json", "-")
    assert command.process.stderr is not None
    said = [command.process.stderr.readline() for _ in range(2)]
    assert all("pages/s" in line for line in said)
    command.signal(signal.SIGINT)
    ended = command.end()
    assert ended.code == 130
    found = json.loads(ended.stdout)
    assert found["interrupted"]
    assert found["chosen"]["pages_per_s"] > 0
    assert len(found["points"]) >= 2


def test_a_server_that_refuses_every_page_has_no_setting(tmp_path: Path) -> None:
    refusal = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n"
    with serving(answering(refusal, then_close=True)) as port:
        ended = run(tmp_path, "tune", f"http://127.0.0.1:{port}/", "--budget", "10", "--quiet")
    assert ended.code == 3
    assert "status 503" in ended.sentence()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.txt"], 3, "cannot be read"),
        (["http://127.0.0.1:9/"], 3, "cannot be reached"),
        (["ftp://127.0.0.1/"], 3, "http://"),
        (["http://192.0.43.7/"], 3, "--i-may-load-this-host"),
        (["--goal", "fame"], 2, "throughput"),
        (["--max-memory", "much"], 2, "4GB"),
        (["--browser", "chromiun"], 2, "chromium"),
    ],
)
def test_what_cannot_be_tuned_is_one_sentence(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    ended = run(tmp_path, "tune", *arguments)
    assert ended.code == code
    assert said in ended.sentence()


def test_a_dry_run_starts_nothing(tmp_path: Path) -> None:
    ended = run(tmp_path, "tune", "--dry-run", "--max-memory", "1GB")
    assert ended.code == 0
    assert "Nothing was run" in ended.stdout
    assert "1 x   1 x   1" in ended.stdout


async def test_a_crashed_tab_is_counted_and_replaced() -> None:
    with Household() as household:
        running = await start(household, parse("gevent"), household.folder("server"))
        numbers = iter(range(10**6))

        def next_url(many_sites: bool) -> str:
            n = next(numbers)
            return "chrome://crash" if n == 4 else f"{running.origin}/page?resources=1&delay=0&name={n}"

        async with pool_of(household, BrowserChoice()) as pool:
            crawl = Crawl(pool, next_url, Gauge.now(), None, 10.0)
            sample = await crawl.window(Ask(Setting(1, 2, 1), 1_500_000_000, "crash"), household.root / "t")
            after = await crawl.window(Ask(Setting(1, 2, 1), 500_000_000, "after"), household.root / "t")
    crashes = [load for load in sample.loads if load.crash]
    assert len(crashes) <= 1  # it may have happened before the window began
    assert {load.tab for load in after.loads if load.error is None} == {0, 1}
    assert (after.memory_bytes or 0) > 20_000_000


async def test_a_killed_browser_is_replaced() -> None:
    with Household() as household:
        running = await start(household, parse("gevent"), household.folder("server"))
        async with pool_of(household, BrowserChoice()) as pool:
            url = f"{running.origin}/page?resources=0&delay=0"
            crawl = Crawl(pool, lambda many_sites: url, Gauge.now(), None, 10.0)
            ask = Ask(Setting(2, 1, 1), 300_000_000, "killed")
            await crawl.window(ask, household.root / "t")
            await pool.first_browser().close()
            sample = await crawl.window(ask, household.root / "t")
    assert {load.tab for load in sample.loads if load.error is None} == {0, 1}


@pytest.mark.parametrize("word", ["--type=renderer", "--user-data-dir="])
async def test_what_is_killed_in_a_window_is_counted_and_replaced(word: str) -> None:
    with Household() as household:
        running = await start(household, parse("gevent"), household.folder("server"))
        url = f"{running.origin}/page?resources=0&delay=0.1"
        async with pool_of(household, BrowserChoice()) as pool:
            crawl = Crawl(pool, lambda many_sites: url, Gauge.now(), None, 10.0)
            ask = Ask(Setting(1, 2, 1), 300_000_000, "killed")
            await crawl.window(ask, household.root / "t")  # the tabs are open from here on
            window = asyncio.create_task(
                crawl.window(replace(ask, window_ns=1_500_000_000), household.root / "t")
            )
            await asyncio.sleep(0.7)
            assert kill(word) > 0
            sample = await window
            after = await crawl.window(ask, household.root / "t")
    assert any(load.crash and load.error for load in sample.loads)
    assert {load.tab for load in after.loads if load.error is None} == {0, 1}


def kill(word: str) -> int:
    """Kills every process of our browsers with such a word on its command line; how many there were."""
    killed = 0
    for process in psutil.Process().children(recursive=True):
        try:
            if any(word in each for each in process.cmdline()):
                process.kill()
                killed += 1
        except psutil.Error:  # it ended with its parent
            continue
    return killed


async def test_the_rate_cap_is_kept() -> None:
    with Household() as household:
        running = await start(household, parse("gevent"), household.folder("server"))
        async with pool_of(household, BrowserChoice()) as pool:
            url = f"{running.origin}/page?resources=0&delay=0"
            crawl = Crawl(pool, lambda many_sites: url, Gauge.now(), 5.0, 10.0)
            sample = await crawl.window(Ask(Setting(1, 1, 3), 2_000_000_000, "capped"), household.root / "t")
    ended = [load for load in sample.loads if sample.start_ns <= load.end_ns < sample.end_ns]
    assert 3 <= len(ended) <= 12


async def test_every_context_has_a_proxy_of_its_own() -> None:
    through: tuple[list[str], list[str]] = ([], [])
    with Household() as household, ExitStack() as proxies:
        running = await start(household, parse("gevent"), household.folder("server"))
        ports = [proxies.enter_context(serving(forwarding(asked))) for asked in through]
        known = tuple(Proxy(f"http://127.0.0.1:{port}") for port in ports)
        async with pool_of(household, BrowserChoice(), known) as pool:
            url = f"{running.origin}/page?resources=0&delay=0"
            crawl = Crawl(pool, lambda many_sites: url, Gauge.now(), None, 10.0)
            ask = Ask(Setting(1, 2, 1), 300_000_000, "proxied")
            proxied = await crawl.window(ask, household.root / "t")
            counted = [len(asked) for asked in through]
            direct = await crawl.window(replace(ask, proxied=False), household.root / "t")
    assert all(set(asked) == {url} for asked in through)
    assert min(counted) > 0
    assert [len(asked) for asked in through] == counted
    assert {load.tab for load in proxied.loads if load.error is None} == {0, 1}
    assert {load.tab for load in direct.loads if load.error is None} == {0, 1}


def test_a_proxy_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    ended = run(tmp_path, "tune", "--proxy", f"http://u:secret@127.0.0.1:{refused_port()}")
    assert ended.code == 3
    assert "a proxy, cannot be reached" in ended.sentence()
    assert "secret" not in ended.stderr


@pytest.mark.parametrize(
    ("rules", "allowed", "rate"),
    [
        ("User-agent: *\nDisallow: /private", True, None),
        ("User-agent: *\nDisallow: /", False, None),
        ("User-agent: browserconc\nDisallow: /page\n\nUser-agent: *\nAllow: /", False, None),
        ("User-agent: *\nCrawl-delay: 4", True, 0.25),
    ],
)
def test_robots_txt_is_kept_to(rules: str, allowed: bool, rate: float | None) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(rules)}\r\nConnection: close\r\n\r\n{rules}"
    with serving(answering(answer.encode(), then_close=True)) as port:
        origin = f"http://127.0.0.1:{port}"
        if allowed:
            assert robots.rate(origin, [f"{origin}/page"]) == rate
        else:
            with pytest.raises(robots.ForbiddenError, match=r"robots\.txt forbids"):
                robots.rate(origin, [f"{origin}/page"])


@pytest.mark.parametrize(("status", "allowed"), [("404 Not Found", True), ("503 Unavailable", False)])
def test_without_robots_txt_all_is_allowed_but_not_while_it_cannot_be_had(status: str, allowed: bool) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with serving(answering(answer.encode(), then_close=True)) as port:
        origin = f"http://127.0.0.1:{port}"
        if allowed:
            assert robots.rate(origin, [f"{origin}/page"]) is None
        else:
            with pytest.raises(robots.ForbiddenError):
                robots.rate(origin, [f"{origin}/page"])


async def test_private_hosts_need_no_leave() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert await leave.ask([f"http://127.0.0.1:{port}/"], allowed=False) is None
