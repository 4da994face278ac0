import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from browserconc.evidence.ledger import Progress, tracks
from browserconc.lab import servers
from browserconc.lab.process import Household
from browserconc.lab.running import start as start_ours
from browserconc.model.timeline import Track

pytestmark = pytest.mark.live

EVERY = [
    "werkzeug-threaded",
    "werkzeug-single",
    "werkzeug-forking:3",
    "gunicorn-sync:3",
    "gunicorn-gthread:1x3",
    "gunicorn-gevent",
    "gevent",
    "waitress:3",
    "sanic:2",
    "uvicorn",
]


@pytest.fixture
def household() -> Iterator[Household]:
    with Household() as household:
        yield household


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def get_all(port: int, paths: list[str], at_once: int) -> list[int]:
    with ThreadPoolExecutor(at_once) as pool:
        return [status for status, _ in pool.map(lambda path: get(port, path), paths)]


def written(path: Path, requests: int) -> list[Track]:
    """The tracks once all ends are in: an answer reaches us a little before its end is written."""
    progress = Progress(path)
    deadline = time.monotonic() + 10
    while progress.counts() != (requests, requests) and time.monotonic() < deadline:
        time.sleep(0.02)
    return tracks(path)


def most_at_once(found: list[Track]) -> int:
    steps = [(span.start_ns, 1) for track in found for span in track.spans if span.name == "service"]
    steps += [(span.end_ns or 0, -1) for track in found for span in track.spans if span.name == "service"]
    level = most = 0
    for _, step in sorted(steps):
        level += step
        most = max(most, level)
    return most


@pytest.mark.parametrize("spec", EVERY)
async def test_a_server_takes_as_many_at_once_as_it_states(household: Household, spec: str) -> None:
    server = servers.parse(spec)
    running = await servers.start(household, server, household.folder("server"))
    assert running.is_alive()
    assert running.origin == f"http://127.0.0.1:{running.port}"
    n = 7
    paths = [f"/slow?delay=0.4&tab={tab}" for tab in range(n)]
    began = time.monotonic()
    statuses = await asyncio.to_thread(get_all, running.port, paths, n)
    took = time.monotonic() - began
    found = written(running.ledger, n)
    assert running.log_tail() == ""
    await running.stop()
    assert not running.is_alive()
    assert statuses == [200] * n
    assert sorted(track.url for track in found) == paths
    rounds = -(-n // (server.capacity or n))
    assert rounds * 0.4 <= took < (rounds + 1) * 0.4 + 1.5
    # Of a served pair the end of the one may be written after the start of the next.
    assert min(n, server.capacity or n) <= most_at_once(found) <= (server.capacity or n) + 1
    for track in found:
        accepted, service = track.span("accept"), track.span("service")
        assert accepted is not None
        assert service is not None
        assert service.end_ns is not None
        assert accepted.start_ns <= service.start_ns
        assert 0.39e9 < service.end_ns - service.start_ns < 2e9
        assert track.facts["status"] == 200
        assert track.facts["host"] == f"127.0.0.1:{running.port}"
    workers = {(track.facts["pid"], track.facts["thread"]) for track in found}
    fixed = {"werkzeug-single": 1, "gunicorn-sync": 3, "gunicorn-gthread": 3, "waitress": 3}
    if server.model == "event-loop":
        assert 1 <= len(workers) <= server.workers
    else:
        assert len(workers) == fixed.get(server.kind.name, n)


async def test_four_workers_write_every_line(household: Household) -> None:
    running = await servers.start(household, servers.parse("gunicorn-sync:4"), household.folder("server"))
    paths = [f"/slow?delay=0.005&tab={n}" for n in range(200)]
    assert await asyncio.to_thread(get_all, running.port, paths, 16) == [200] * 200
    found = written(running.ledger, 200)
    assert len(found) == len({track.url for track in found}) == 200
    assert all(track.spans[-1].end_ns for track in found)
    assert len({track.facts["pid"] for track in found}) == 4


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ("werkzeug-threaded", False),  # speaks HTTP/1.1, but closes after each answer
        ("werkzeug-single", False),
        ("gunicorn-sync:1", False),
        ("gunicorn-gthread:1x2", True),
        ("gunicorn-gevent", True),
        ("gevent", True),
    ],
)
async def test_connections_are_kept_as_each_server_does_by_default(
    household: Household, spec: str, kept: bool
) -> None:
    running = await servers.start(household, servers.parse(spec), household.folder("server"))

    def two_on_one_connection() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        for path in ("/ready?n=1", "/ready?n=2"):
            connection.request("GET", path)
            connection.getresponse().read()
        connection.close()

    await asyncio.to_thread(two_on_one_connection)
    first, second = written(running.ledger, 2)
    assert first.span("accept") is not None
    assert (second.span("accept") is None) is kept
    assert (first.local_port == second.local_port) is kept


@pytest.mark.parametrize("spec", EVERY)
async def test_a_stream_sends_its_headers_at_once_and_counts_to_its_end(
    household: Household, spec: str
) -> None:
    running = await servers.start(household, servers.parse(spec), household.folder("server"))

    def times() -> tuple[float, float, int]:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        began = time.monotonic()
        connection.request("GET", "/stream?delay=0.6&chunks=3&size=3001")
        answer = connection.getresponse()
        headers = time.monotonic() - began
        body = answer.read()
        connection.close()
        return headers, time.monotonic() - began, len(body)

    headers, whole, size = await asyncio.to_thread(times)
    (found,) = written(running.ledger, 1)
    assert size == 3001
    assert headers < 0.5
    assert whole > 0.59
    assert (found.spans[-1].end_ns or 0) - found.spans[-1].start_ns > 0.59e9


async def test_servers_start_side_by_side(household: Household) -> None:
    started = await asyncio.gather(
        *(servers.start(household, servers.parse(spec), household.folder("server")) for spec in EVERY)
    )
    assert len({running.port for running in started}) == len(EVERY)
    for running in started:
        status, body = await asyncio.to_thread(get, running.port, "/ready")
        assert (status, b"data:," in body) == (200, True)
    await asyncio.gather(*(running.stop() for running in started))
    assert not any(running.is_alive() for running in started)


async def test_a_thousand_clients_are_held(household: Household) -> None:
    running = await servers.start(household, servers.parse("gevent"), household.folder("server"))

    def crowd() -> list[bytes]:
        sockets = [socket.create_connection(("127.0.0.1", running.port), timeout=60) for _ in range(1000)]
        for each in sockets:
            each.sendall(b"GET /slow?delay=3 HTTP/1.0\r\n\r\n")
        answers = [each.recv(12) for each in sockets]
        for each in sockets:
            each.close()
        return answers

    assert await asyncio.to_thread(crowd) == [b"HTTP/1.1 200"] * 1000
    assert most_at_once(written(running.ledger, 1000)) == 1000


async def test_a_taken_port_is_one_sentence(household: Household) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            servers.ServerError, match=rf"^Port {port} is taken by another program: [^\n]+\.$"
        ):
            await servers.start(
                household, servers.parse("werkzeug-threaded"), household.folder("server"), port=port
            )


async def test_a_chosen_port_is_used(household: Household) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    running = await servers.start(household, servers.parse("gevent"), household.folder("server"), port=port)
    assert running.port == port
    assert (await asyncio.to_thread(get, port, "/ready"))[0] == 200


@pytest.mark.parametrize("spec", ["werkzeug-threaded", "gunicorn-sync:2", "gevent"])
async def test_a_server_that_dies_at_its_start_shows_its_log(
    household: Household, tmp_path: Path, spec: str
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "ledger.jsonl").mkdir()  # cannot be opened as a file
    began = time.monotonic()
    with pytest.raises(servers.ServerError, match=r"died while it started[^\n]*ledger\.jsonl") as died:
        await servers.start(household, servers.parse(spec), folder)
    assert len(died.value.log.splitlines()) > 1
    assert time.monotonic() - began < 8


async def test_a_server_that_is_never_up_is_ended_at_the_time_out(
    household: Household, tmp_path: Path
) -> None:
    silent = tmp_path / "silent.py"
    silent.write_text("import time\ntime.sleep(60)\n")
    good = servers.parse("werkzeug-threaded")
    server = replace(good, kind=replace(good.kind, script=str(silent)))
    with pytest.raises(servers.ServerError, match=r"was not up within 0\.3 s"):
        await start_ours(household, server, tmp_path, timeout_s=0.3)
    assert household._running == {}


async def test_a_start_that_is_cancelled_leaves_nothing(household: Household, tmp_path: Path) -> None:
    silent = tmp_path / "silent.py"
    silent.write_text("import time\ntime.sleep(60)\n")
    good = servers.parse("werkzeug-threaded")
    task = asyncio.create_task(
        servers.start(household, replace(good, kind=replace(good.kind, script=str(silent))), tmp_path)
    )
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert household._running == {}


PARENT = """
import asyncio, sys, time
from browserconc.lab import servers
from browserconc.lab.process import Household
household = Household()
running = asyncio.run(servers.start(household, servers.parse(sys.argv[1]), household.folder("server")))
print(running.port, household.root, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("spec", ["werkzeug-threaded", "werkzeug-forking:2", "gunicorn-sync:2", "gevent"])
def test_a_server_dies_with_its_parent_also_by_sigkill(spec: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, spec], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        port, root = parent.stdout.readline().split()
        # Requests in flight occupy forked children and workers.
        with ThreadPoolExecutor(2) as pool:
            flight = [pool.submit(get, int(port), "/slow?delay=30") for _ in range(2)]
            deadline = time.monotonic() + 5
            (account,) = Path(root).glob("server-*/ledger.jsonl")
            while Progress(account).counts()[0] < 2 and time.monotonic() < deadline:
                time.sleep(0.02)
            os.kill(parent.pid, signal.SIGKILL)
            killed = time.monotonic()
            for each in flight:
                assert each.exception(timeout=5) is not None
        while Path(root).exists() and time.monotonic() < killed + 2:
            time.sleep(0.02)
        assert not Path(root).exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)), timeout=5)
