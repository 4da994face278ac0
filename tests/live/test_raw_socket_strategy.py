"""The door to the raw-socket client: it reports, refuses in a sentence, and leaves no process behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from small_servers import OK, answering, never_answers, refused_port, serving

from browserconc.evidence.client import FILE, read
from browserconc.lab.process import Household
from browserconc.lab.strategies.raw_socket import RawClientError, measure

pytestmark = pytest.mark.live


@pytest.fixture
def household() -> Iterator[Household]:
    with Household() as ours:
        yield ours


def raw_clients() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # another test's, that is just ending
            if "browserconc.lab.raw_client" in child.cmdline():
                found.append(child)
    return found


async def test_a_measurement_is_a_report_and_a_log(household: Household, tmp_path: Path) -> None:
    with serving(answering(OK, delay_s=0.3)) as port:
        urls = [f"http://127.0.0.1:{port}/{i}" for i in range(20)]
        report = await measure(household, urls=urls, mode="warm", timeout_s=10, out=tmp_path / FILE)
    assert (report.answered, report.failed) == (20, 0)
    assert report.ended_ns is not None
    assert 0.3e9 <= report.ended_ns - report.released_ns < 3e9
    assert [line.url for line in read(tmp_path / FILE)] == urls
    assert not raw_clients()


async def test_ten_thousand_urls_fit_into_a_job(household: Household, tmp_path: Path) -> None:
    urls = [f"http://127.0.0.1:{refused_port()}/?{'long' * 20}"] * 10_000
    report = await measure(household, urls=urls, mode="cold", timeout_s=30, out=tmp_path / FILE)
    assert (report.answered, report.failed) == (0, 10_000)


async def test_cancelled_it_ends_the_process_and_keeps_the_log(household: Household, tmp_path: Path) -> None:
    all_there = threading.Barrier(4, timeout=20)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(all_there.wait)
        await never_answers(reader, writer)

    with serving(handler) as port:
        urls = [f"http://127.0.0.1:{port}/"] * 3
        task = asyncio.create_task(
            measure(household, urls=urls, mode="cold", timeout_s=60, out=tmp_path / FILE)
        )
        await asyncio.to_thread(all_there.wait)
        assert len(raw_clients()) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not raw_clients()
    assert [line.error for line in read(tmp_path / FILE)] == ["interrupted"] * 3


async def test_a_refusal_is_its_sentence(household: Household, tmp_path: Path) -> None:
    with pytest.raises(RawClientError, match="needs http:// or https:// URLs"):
        await measure(household, urls=["ftp://h/"], mode="cold", timeout_s=1, out=tmp_path / FILE)
