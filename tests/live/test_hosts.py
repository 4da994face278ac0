"""Many hosts: a local cluster, a worker that is killed, a clock that is wrong; nothing is left behind."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.live.command import Command
from tests.live.dask_workers import cluster

pytest.importorskip("distributed")
pytestmark = pytest.mark.live


def compare(cluster: str, out: Path, *arguments: str) -> Command:
    return Command(
        out.parent, "compare", "-q", "--cluster", cluster, "--out", str(out), "--json", "-", *arguments
    )


def reach_its_requests(running: Command, out: Path) -> None:
    running.reach(lambda: any(ledger.stat().st_size for ledger in out.glob("*/ledger.jsonl")))


def trials(out: Path) -> list[dict]:
    return [msgspec.json.decode(path.read_bytes()) for path in sorted(out.glob("*/trial.json"))]


def test_tabs_are_shared_by_two_hosts_and_start_together(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = compare("local:2", out, "--tabs", "8", "--delay", "0.6", "--strategies", "raw-socket,tabs").end()
    assert ended.code == 0, ended.stderr
    raw, tabs = msgspec.json.decode(ended.stdout)["trials"]
    assert raw["concurrency"]["sustained"] == 8
    assert raw["start_spread_s"] < 0.1
    # Each host has a browser of its own, and in each the tabs wait for one another.
    assert tabs["verdict"]["cause"] == "cache-lock"
    assert tabs["concurrency"]["sustained"] == 2
    assert [request["index"] for request in tabs["requests"]] == list(range(8))
    hosts = trials(out)[1]["facts"]["hosts"]
    assert len(hosts) == 2
    assert all(host["clock_error_ns"] < 50_000_000 for host in hosts)


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
def test_a_host_whose_clock_is_wrong_is_merged_on_ours(tmp_path: Path) -> None:
    library = next(Path("/usr/lib").rglob("libfaketime.so.1"))
    skewed = {"LD_PRELOAD": str(library), "FAKETIME": "+3.25s"}
    with cluster(tmp_path, {"127.0.0.1": {}, "127.0.0.2": skewed}) as (address, _):
        out = tmp_path / "run"
        ended = compare(address, out, "--tabs", "6", "--delay", "0.6", "--strategies", "raw-socket").end()
    assert ended.code == 0, ended.stderr
    raw = msgspec.json.decode(ended.stdout)["trials"][0]
    right, wrong = trials(out)[0]["facts"]["hosts"]
    assert abs(right["clock_offset_ns"]) < 100_000_000
    assert wrong["clock_offset_ns"] > 3_000_000_000  # faketime moves the monotonic clock further still
    assert raw["start_spread_s"] < 0.3
    assert raw["makespan_s"] < 3


def test_a_worker_that_is_lost_makes_the_trial_invalid(tmp_path: Path) -> None:
    with cluster(tmp_path, {"127.0.0.1": {}, "127.0.0.2": {}}) as (address, workers):
        out = tmp_path / "run"
        running = compare(address, out, "--tabs", "4", "--delay", "20", "--strategies", "raw-socket")
        reach_its_requests(running, out)
        workers["127.0.0.2"].send_signal(signal.SIGKILL)
        ended = running.end()
    assert ended.code == 3
    assert "The worker on 127.0.0.2 was lost. The trial is invalid and was not repeated." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_scheduler_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    ended = compare("tcp://127.0.0.1:9", tmp_path / "run", "--strategies", "raw-socket").end()
    assert ended.code == 3
    assert ended.stderr.startswith("Error: The cluster tcp://127.0.0.1:9 cannot be used")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_a_local_cluster(tmp_path: Path, number: int) -> None:
    out = tmp_path / "run"
    running = compare("local:2", out, "--tabs", "4", "--delay", "20", "--strategies", "tabs")
    reach_its_requests(running, out)
    family = psutil.Process(running.process.pid).children(recursive=True)
    assert len(family) > 8
    running.signal(number)
    _, alive = psutil.wait_procs(family, timeout=15)
    assert alive == []
    code = running.end().code
    if number == signal.SIGINT:
        assert code == 130
