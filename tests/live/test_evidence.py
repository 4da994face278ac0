"""Real browsers, observed in every way: the sources agree, a killed browser's log is read, none is honest."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from browserconc import pipeline, profile
from browserconc.evidence import netlog, url_request
from browserconc.lab import installed_browsers
from browserconc.lab.browser import Browsers
from browserconc.lab.process import Household
from browserconc.lab.process_tree import browser_processes
from browserconc.model.finding import Result
from browserconc.model.plan import BrowserChoice

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(installed_browsers.find() is None, reason="no browser is installed"),
]


async def compared(folder: Path, **options: object) -> Result:
    plan = profile.plan(None, **{"tabs": 8, "delay": 0.8, **options})
    await pipeline.compare(plan, folder, pipeline.Progress())
    return pipeline.analyze(folder)


async def test_trace_netlog_and_cdp_of_one_run_agree(tmp_path: Path):
    result = await compared(tmp_path, strategies="tabs,fetch-distinct,contexts", evidence="netlog,trace,cdp")
    tabs, fetch, contexts = result.trials
    assert (tabs.verdict.kind, tabs.verdict.cause) == ("serial", "cache-lock")
    assert (fetch.verdict.kind, fetch.verdict.limit, fetch.verdict.cause) == ("limited", 6, "host-limit")
    assert contexts.verdict.culprit in (None, "client")  # a busy machine may release them apart
    for trial in result.trials:
        said = " ".join(trial.verdict.doubts)
        assert "disagree" not in said
        assert "missing from" not in said
        assert all(request.server and request.local_port for request in trial.requests)


async def test_the_trace_alone_says_what_the_netlog_says(tmp_path: Path):
    result = await compared(tmp_path, strategies="tabs-distinct,user-data-dirs", tabs=7, evidence="trace")
    distinct, processes = result.trials
    assert (distinct.verdict.kind, distinct.verdict.cause) == ("limited", "host-limit")
    assert processes.verdict.culprit in (None, "client")
    assert not list(tmp_path.glob("netlog*"))
    assert len(list(tmp_path.glob("*-user-data-dirs/trace*.pftrace"))) == 7
    assert result.environment.browser
    assert result.environment.browser.version


@pytest.mark.parametrize(("evidence", "reason"), [("none", "left no log"), ("cdp", "stalled in the browser")])
async def test_without_a_netlog_no_reason_is_made_up(tmp_path: Path, evidence: str, reason: str):
    result = await compared(tmp_path, strategies="raw-socket,tabs,fetch,contexts", evidence=evidence)
    raw, tabs, fetch, contexts = result.trials
    assert raw.verdict.kind == "concurrent"
    assert contexts.verdict.culprit in (None, "client")
    for trial in (tabs, fetch):
        assert (trial.verdict.kind, trial.verdict.culprit, trial.verdict.cause) == ("undecided", None, None)
        assert reason in trial.verdict.doubts[0]
    assert not list(tmp_path.glob("netlog*"))


async def test_a_switch_given_by_the_user_is_in_force(tmp_path: Path):
    switch = "--enable-features=HappyEyeballsV3"
    result = await compared(tmp_path, strategies="tabs-distinct", switches=[switch])
    assert result.environment.browser
    assert switch in result.environment.browser.switches
    assert "HTTP_STREAM_POOL_JOB_ALIVE" in (tmp_path / "netlog-1.json").read_text()
    assert (result.trials[0].verdict.limit, result.trials[0].verdict.cause) == (6, "host-limit")


async def test_the_netlog_of_a_killed_browser_is_read(tmp_path: Path):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with Household() as household:
        async with Browsers(household, BrowserChoice(), netlogs=tmp_path) as browsers:
            tabs = await browsers.everyday_tabs(2)
            for number in range(20):
                await tabs.pages[number % 2].goto(f"{origin}/?visit={number}")
            await asyncio.sleep(1)  # the log is written in batches
            killed = browser_processes()
            for process in killed:
                os.kill(process.pid, signal.SIGKILL)
            await asyncio.to_thread(psutil.wait_procs, killed, 10)
    server.close()
    path = tmp_path / "netlog-1.json"
    with pytest.raises(json.JSONDecodeError):
        json.loads(path.read_text())
    log = netlog.read(path)
    assert log.polled is None
    seen = {track.url for track in url_request.tracks(log.events)}
    assert len([url for url in seen if "visit=" in url]) >= 15
