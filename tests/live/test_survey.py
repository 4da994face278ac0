"""`browserconc servers` and the causes on the server's side, against real servers."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from browserconc import pipeline, recording
from browserconc.evidence import client
from browserconc.lab import environments, running
from browserconc.lab.process import Household
from browserconc.lab.servers import TABLE, parse
from browserconc.lab.strategies import raw_socket
from browserconc.model.finding import TrialFinding
from browserconc.recording import Manifest, Run
from tests.live.command import run

pytestmark = pytest.mark.live


def surveyed(place: Path, *names: str) -> dict[str, dict]:
    ended = run(place, "servers", *names, "--json", "-", "--quiet")
    assert ended.code == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert result["schema"] == "browserconc/servers-1"
    assert result["environment"]["browser"] is None
    return {row["server"]: row for row in result["servers"]}


def test_servers_of_fixed_width_measure_what_they_state(tmp_path: Path) -> None:
    rows = surveyed(tmp_path, "werkzeug-single", "gunicorn-sync:4", "gunicorn-gthread:2x4", "waitress:4")
    assert [row["measured"] for row in rows.values()] == [1, 4, 8, 4]
    sync = rows["gunicorn-sync:4"]
    assert (sync["pids"], sync["threads"], sum(sync["spread"])) == (4, 4, sync["probed_up_to"])
    assert (sync["keep_alive"], sync["silent_connection_blocks"]) == (False, False)
    assert sync["silent_connections_to_block"] == 4
    assert rows["werkzeug-single"]["silent_connection_blocks"] is True
    assert rows["waitress:4"]["silent_connections_to_block"] is None


def test_threads_greenlets_and_loops_have_no_limit(tmp_path: Path) -> None:
    rows = surveyed(tmp_path, "werkzeug-threaded", "gevent", "uvicorn", "hypercorn-h2")
    for row in rows.values():
        assert (row["stated"], row["measured"], row["probed_up_to"]) == (None, None, 200)
        assert row["silent_connection_blocks"] is False
    assert rows["uvicorn"]["blocking_at_once"] == 1
    assert rows["gevent"]["keep_alive"] is True


def test_a_wrong_name_is_wrong_usage(tmp_path: Path) -> None:
    ended = run(tmp_path, "servers", "gunicorn-sink")
    assert ended.code == 2
    assert "did you mean gunicorn-sync" in ended.sentence()


def test_a_server_that_is_not_installed_says_so() -> None:
    kind = replace(TABLE["uvicorn"], packages=("uvicorn", "no_such_package"))
    server = running.Server(kind)
    with pytest.raises(running.ServerError, match=r"needs the package no_such_package: pip install"):
        running._require(server)


@pytest.mark.parametrize(
    ("server", "work", "cause"),
    [
        ("werkzeug-threaded", "compute", "server-cpu"),
        ("uvicorn", "block", "event-loop-blocked"),
        ("uvicorn", "compute", "event-loop-blocked"),
        ("uvicorn", "sleep", None),
    ],
)
def test_what_holds_requests_back_in_the_server_is_named(
    tmp_path: Path, server: str, work: str, cause: str | None
) -> None:
    arguments = ["--strategies", "raw-socket", "--tabs", "6", "--delay", "0.3", "--server", server]
    ended = run(tmp_path, "compare", *arguments, "--work", work, "--json", "-", "--quiet")
    assert ended.code == 0, ended.stderr
    verdict = json.loads(ended.stdout)["trials"][0]["verdict"]
    assert verdict["cause"] == cause
    assert verdict["kind"] == ("serial" if cause else "concurrent")


async def recorded(
    place: Path, spec: str, requests: int, *, silence_s: float = 0, backlog: int = running.BACKLOG
) -> TrialFinding:
    """Raw sockets against a server that has a silent connection for so long, judged from the recording."""
    folder = place / "01-raw-socket"
    folder.mkdir()
    server = parse(spec)
    with Household() as household:
        up = await running.start(household, server, folder, backlog=backlog)
        quiet = socket.create_connection(("127.0.0.1", up.port)) if silence_s else None
        urls = [f"{up.origin}/slow?delay=0.1&tab={n}" for n in range(requests)]
        measuring = asyncio.create_task(
            raw_socket.measure(household, urls=urls, mode="cold", timeout_s=30, out=folder / client.FILE)
        )
        if quiet:
            await asyncio.sleep(silence_s)
            quiet.close()
        report = await measuring
        await up.stop()
    manifest = Manifest(
        id="raw-socket",
        strategy="raw-socket",
        server=server.spec,
        server_stated=server.capacity,
        url=urls[0],
        tabs=requests,
        delay_s=0.1,
        repeat=1,
        released_ns=report.released_ns,
        ended_ns=report.ended_ns,
        facts={"server_model": server.model},
    )
    recording.save(folder, manifest)
    recording.save_run(place, Run("compare", "0", "3", "x", 1, 1))
    return pipeline.analyze(place).trials[0]


async def test_a_real_silent_connection_is_an_idle_connection(tmp_path: Path) -> None:
    found = await recorded(tmp_path, "werkzeug-single", 4, silence_s=3.0)
    assert found.verdict.cause == "idle-connection"
    assert found.waiting_ns["idle-connection"] > 4e9


async def test_the_same_run_without_silence_is_the_server_s_width(tmp_path: Path) -> None:
    found = await recorded(tmp_path, "werkzeug-single", 4)
    assert found.verdict.cause == "server-width"


async def test_a_backlog_of_five_is_recognised(tmp_path: Path) -> None:
    found = await recorded(tmp_path, "werkzeug-single", 20, backlog=5)
    assert found.waiting_ns["accept-backlog"] > 1e9
    assert found.verdict.culprit == "server"


@pytest.mark.parametrize(("name", "at_once"), [("flask-0.12", 1), ("flask-1.0", None)])
def test_the_two_generations_of_flask_are_what_the_thread_says(
    tmp_path: Path, name: str, at_once: int | None
) -> None:
    """Or the row says in one line why that Flask cannot be had."""
    ended = run(tmp_path, "servers", name, "--json", "-", "--quiet")
    (row,) = json.loads(ended.stdout)["servers"]
    if row["error"]:
        assert ended.code == 3
        assert row["error"].startswith(f"{name} ")
        pytest.skip(row["error"])
    assert (row["stated"], row["measured"]) == (at_once, at_once)


def test_an_environment_that_cannot_be_had_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(environments.EnvironmentMissingError, match=r"^flask-0\.12 [^\n]+$"):
        environments.provide("flask-0.12", ("no-such-package-of-browserconc",))
    assert not list((tmp_path / "browserconc").glob("environments/*"))
