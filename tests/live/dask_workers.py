"""A Dask scheduler and workers at loopback addresses of their own, as others would have started them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest

Client = pytest.importorskip("distributed").Client


@contextmanager
def cluster(
    folder: Path, workers: dict[str, dict[str, str]]
) -> Iterator[tuple[str, dict[str, psutil.Process]]]:
    """A scheduler and a worker at each of these addresses, with that much added to its environment."""
    note = folder / "scheduler.json"
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(note)]
    commands = {"": (scheduler, {})} | {
        host: (["worker", "--scheduler-file", str(note), "--host", host, "--no-nanny", "--nthreads", "1",
                "--local-directory", str(folder)], more)
        for host, more in workers.items()
    }  # fmt: skip
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for host, ((part, *arguments), more) in commands.items():
            deadline = time.monotonic() + 30
            while host and not note.exists():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            started[host] = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{part}", "--no-dashboard", *arguments],
                env={**os.environ, **more},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        address = msgspec.json.decode(note.read_bytes())["address"]
        with Client(address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(len(workers), timeout=30)
        yield address, {host: psutil.Process(process.pid) for host, process in started.items() if host}
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
