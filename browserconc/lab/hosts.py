"""One machine or many: the Dask workers, on each of which an agent (`agent.py`) does its share.

Dask carries functions and their results, and nothing else: no task is repeated, moved to another
worker or scheduled. A worker that is lost is lost.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from browserconc import __version__
from browserconc.lab import agent, dask_cluster
from browserconc.lab.agent import Closing, Host
from browserconc.lab.dask_cluster import CONNECT_S, ClusterError
from browserconc.lab.process import Household
from browserconc.model.plan import Cluster

PROBES = 25
"""Of so many looks at a host's clock the one with the shortest round trip counts."""
WATCH_PERIOD_S = 0.25


class HostsError(ClusterError):
    """The hosts cannot be used, or one of them was lost: one sentence."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How far a host's monotonic clock is ahead of ours, and how sure that is; both in ns."""

    offset_ns: int
    error_ns: int


@dataclass(frozen=True, slots=True)
class Machine:
    """One host of the run: its address without a port, its worker's address, and what it is."""

    name: str
    worker: str
    host: Host


class Hosts:
    """The hosts of one run; an asynchronous context manager that leaves nothing on them."""

    def __init__(
        self,
        household: Household,
        cluster: Cluster,
        make: Callable[..., Closing],
        *given: Any,
        netlogs: Path | None = None,
        serving: bool = True,
    ) -> None:
        """Connects to nothing yet; on every host there will be an agent `make(*given)`.

        NetLog files that the agents leave come into the folder `netlogs`. With `serving` the hosts have to
        reach a server of ours.
        """
        self._serving = serving
        self.listen = cluster.listen
        self._agent = (make, *given)
        self._household = household
        self._cluster = cluster
        self._netlogs = netlogs
        self._client: Any = None
        self._run = secrets.token_hex(8)
        self.machines: tuple[Machine, ...] = ()

    async def __aenter__(self) -> Hosts:
        try:
            self._client = await dask_cluster.connected(self._household, self._cluster)
            await self._enter()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the agents, fetches their browsers' logs and leaves the cluster."""
        client, self._client = self._client, None
        if client is None:
            return
        for machine in self.machines:
            with suppress(HostsError, OSError):
                logs = await self._answer(client, machine, agent.leave, agent.CLOSING_S * 2)
                self._keep(machine, logs)
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                await client.close()

    @property
    def are_ours(self) -> bool:
        """Whether the workers are processes that we started."""
        return self._cluster.is_ours

    def is_here(self, machine: Machine) -> bool:
        """Whether loopback means the same to that host as to us."""
        return machine.host.machine == agent.machine_id()

    def log_name(self, machine: Machine, name: str) -> str:
        """What a host's log is called among ours."""
        return f"{Path(name).stem}-host{self.machines.index(machine) + 1}{Path(name).suffix}"

    async def clock(self, machine: Machine) -> Clock:
        """Compares a host's clock with ours."""
        best: Clock | None = None
        for _ in range(PROBES):
            before = time.monotonic_ns()
            try:
                told = await self._client.run(agent.clock, workers=[machine.worker])
            except (OSError, KeyError, ValueError):  # the connection broke, or Dask knows no such worker
                told = {}
            after = time.monotonic_ns()
            if machine.worker not in told:
                raise HostsError(f"The worker on {machine.name} was lost.")
            if best is None or (after - before) // 2 < best.error_ns:
                best = Clock(told[machine.worker] - (before + after) // 2, (after - before) // 2)
        assert best
        return best

    async def each(
        self, doing: Callable[..., Any], arguments: Sequence[tuple[Any, ...]], timeout_s: float
    ) -> list[Any]:
        """What `doing(agent, *its arguments)` gives on every host, all at once.

        Raises:
            HostsError: one of them is lost, does not answer in time, or says why it cannot.
        """
        waits = [
            asyncio.ensure_future(
                self._answer(self._client, machine, agent.tell, timeout_s + CONNECT_S, doing, *given)
            )
            for machine, given in zip(self.machines, arguments, strict=True)
        ]
        try:
            answers = list(await asyncio.gather(*waits))
        finally:
            for wait in waits:
                wait.cancel()
        for machine, answer in zip(self.machines, answers, strict=True):
            if isinstance(answer, str):
                raise HostsError(f"{machine.name}: {answer}")
        return answers

    async def _enter(self) -> None:
        workers = await self._workers()
        machines = []
        for worker in dask_cluster.one_of_each(workers, self._cluster):
            name = urlsplit(worker).hostname or worker
            if self._serving:
                self._refuse_unreachable(name)
            machine = Machine(name, worker, Host("", "", 0, 0))
            told = await self._answer(
                self._client,
                machine,
                agent.enter,
                agent.ARMING_S,
                *self._agent,
            )
            if isinstance(told, str):
                raise HostsError(f"{name}: {told}")
            if told.version != __version__:
                raise HostsError(
                    f"{name} has browserconc {told.version} and we {__version__}: install the same there."
                )
            machines.append(Machine(name, worker, told))
            self.machines = tuple(machines)

    def _refuse_unreachable(self, name: str) -> None:
        with suppress(ValueError):
            if not ip_address(name).is_loopback and ip_address(self._cluster.listen).is_loopback:
                raise HostsError(
                    f"The host {name} cannot reach a server at {self._cluster.listen}: give the address of "
                    "this machine in your network with --listen."
                )

    async def _workers(self) -> set[str]:
        return set((await self._client.scheduler.identity())["workers"])

    async def _answer(
        self, client: Any, machine: Machine, function: Callable[..., Any], timeout_s: float, *given: Any
    ) -> Any:
        """What the function says on that host; that the host is lost is an error, not a repetition."""
        future = client.submit(
            function,
            self._run,
            *given,
            workers=[machine.worker],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        answer = asyncio.ensure_future(future.result())
        deadline = time.monotonic() + timeout_s
        try:
            while not answer.done():
                await asyncio.wait({answer}, timeout=WATCH_PERIOD_S)
                if answer.done():
                    break
                if machine.worker not in set((await client.scheduler.identity())["workers"]):
                    raise HostsError(f"The worker on {machine.name} was lost.")
                if time.monotonic() > deadline:
                    raise HostsError(f"{machine.name} did not answer within {timeout_s:g} s.")
            return answer.result()
        except HostsError:
            raise
        except Exception as problem:  # whatever it is there, here it is a host that cannot be used
            first = str(problem).strip().split("\n", 1)[0].rstrip(".")
            raise HostsError(
                f"{machine.name} failed ({type(problem).__name__}: {first[:200]}): "
                "see its worker's log, and install the same browserconc there."
            ) from problem
        finally:
            answer.cancel()
            with suppress(Exception):
                await future.cancel()

    def _keep(self, machine: Machine, logs: dict[str, bytes]) -> None:
        for name, content in logs.items():
            if self._netlogs and name.startswith("netlog"):
                (self._netlogs / self.log_name(machine, name)).write_bytes(content)
