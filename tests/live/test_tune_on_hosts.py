"""`browserconc tune --cluster`: every host loads alike and at once; a host that is lost ends the search."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.live.command import Command
from tests.live.dask_workers import cluster

pytest.importorskip("distributed")
pytestmark = pytest.mark.live


def test_hosts_load_at_once_until_a_worker_is_lost(tmp_path: Path) -> None:
    library = next(Path("/usr/lib").rglob("libfaketime.so.1"), None)
    skewed = {"LD_PRELOAD": str(library), "FAKETIME": "+3.25s"} if library else {}
    with cluster(tmp_path, {"127.0.0.1": {}, "127.0.0.2": skewed}) as (address, workers):
        command = Command(tmp_path, "tune", "--cluster", address, "--json", "-")
        assert command.process.stderr is not None
        assert "pages/s" in command.process.stderr.readline()
        workers["127.0.0.2"].kill()
        ended = command.end()
    assert ended.code == 3
    assert "The worker on 127.0.0.2 was lost" in ended.sentence()
    assert "invalid and was not repeated" in ended.sentence()
    found = json.loads(ended.stdout)
    assert found["interrupted"]
    chosen, hosts = found["chosen"], found["hosts"]
    assert [host["host"] for host in hosts] == ["127.0.0.1", "127.0.0.2"]
    assert all(host["pages_per_s"] > 0 for host in hosts)
    assert sum(host["pages_per_s"] for host in hosts) == pytest.approx(chosen["pages_per_s"], rel=0.01)
    assert all(0 < host["clock_error_s"] < 0.1 for host in hosts)
    if library:  # it moves the monotonic clock further still
        assert hosts[1]["clock_offset_s"] - hosts[0]["clock_offset_s"] > 3
