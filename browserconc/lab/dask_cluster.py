"""Dask's part: a scheduler and workers that are there, or that are started here; nothing of what they do."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from browserconc.lab.process import Household
from browserconc.model.plan import Cluster

CONNECT_S = 15.0
START_S = 30.0
MOST_LOCAL = 16


class ClusterError(Exception):
    """The cluster cannot be used: one sentence."""


async def connected(household: Household, cluster: Cluster) -> Any:
    """A client of the cluster; of one that is ours the workers are up.

    Raises:
        ClusterError: it cannot be used.
    """
    _dask()  # says what is missing before anything is started
    address, expected = cluster.address, 1
    if cluster.is_ours:
        address, expected = await _local(household, address)
    return await _client(cluster, address, expected)


async def _local(household: Household, spec: str) -> tuple[str, int]:
    """Starts a scheduler and workers here, each worker at a loopback address of its own."""
    hosts = _local_hosts(spec)
    folder = household.folder("cluster")
    note = folder / "scheduler.json"

    def spawn(part: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", "--no-dashboard", *arguments]
        household.spawn([*command, "--scheduler-file", str(note)], log=folder / f"{part}.log")

    spawn("scheduler", "--host", "127.0.0.1", "--port", "0")
    deadline = time.monotonic() + START_S
    while not note.exists():
        if time.monotonic() > deadline:
            raise ClusterError(f"Dask's scheduler was not up within {START_S:g} s.")
        await asyncio.sleep(0.05)
    for host in hosts:
        spawn("worker", "--host", host, "--no-nanny", "--nthreads", "2", "--local-directory", str(folder))
    return _scheduler(note), len(hosts)


def _scheduler(note: Path) -> str:
    """The address that Dask's scheduler wrote down, whole (a rename)."""
    return str(msgspec.json.decode(note.read_bytes())["address"])


def one_of_each(workers: Iterable[str], cluster: Cluster) -> list[str]:
    """One worker of each host; of those that we start each stands for a host."""
    chosen: dict[str, str] = {}
    for worker in sorted(workers):
        chosen.setdefault(worker if cluster.is_ours else urlsplit(worker).hostname or worker, worker)
    return list(chosen.values())


def _local_hosts(spec: str) -> list[str]:
    """Where the workers of local:N listen."""
    number = spec.removeprefix("local:")
    if not number.isdecimal() or not 1 <= int(number) <= MOST_LOCAL:
        raise ClusterError(f"{spec!r} is no cluster: write local:2 (1 to {MOST_LOCAL}) or tcp://HOST:8786.")
    # Linux has all of 127.0.0.0/8; elsewhere the workers share an address and differ by port.
    return [f"127.0.0.{n + 1 if sys.platform == 'linux' else 1}" for n in range(int(number))]


def _dask() -> Any:
    try:
        dask = import_module("distributed")  # an extra that few need, and without types
        for name in ("distributed", "distributed.client"):
            # It logs a traceback for each connection that ends; we say of a lost worker what matters.
            logging.getLogger(name).setLevel(logging.CRITICAL)
        return dask
    except ImportError:
        raise ClusterError(
            "--cluster needs the package distributed: pip install 'browserconc[cluster]'."
        ) from None


async def _client(cluster: Cluster, address: str, workers: int) -> Any:
    dask, security = _dask(), None
    if cluster.tls_ca_file or cluster.tls_cert:
        security = dask.Security(
            tls_ca_file=cluster.tls_ca_file,
            tls_client_cert=cluster.tls_cert,
            tls_client_key=cluster.tls_key,
            require_encryption=True,
        )
    try:
        client = await dask.Client(
            address, asynchronous=True, timeout=CONNECT_S, security=security, set_as_default=False
        )
        await client.wait_for_workers(workers, timeout=START_S)
    except (OSError, TimeoutError, ValueError, ImportError) as problem:
        first = str(problem).strip().split("\n", 1)[0].rstrip(".")
        raise ClusterError(
            f"The cluster {cluster.address} cannot be used ({first or type(problem).__name__}): "
            "start a scheduler and its workers, or use local:N."
        ) from problem
    return client


async def names(cluster: Cluster) -> list[str]:
    """The hosts that a run on this cluster would have; starts nothing.

    Raises:
        ClusterError: the cluster cannot be asked.
    """
    if cluster.is_ours:
        return _local_hosts(cluster.address)
    client = await _client(cluster, cluster.address, 1)
    try:
        workers = (await client.scheduler.identity())["workers"]
    finally:
        await client.close()
    return [urlsplit(worker).hostname or worker for worker in one_of_each(workers, cluster)]
