"""`browserconc servers`: every server is started, asked and stopped, one after the other; rows come out.

The same story as `pipeline.py` in small: the lab asks (`lab/server_probe.py`), the analysis says what
to ask next and what the answers mean (`analysis/capacity.py`). Nothing is kept but the rows.
"""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Sequence
from typing import Protocol

import psutil

from browserconc import __version__
from browserconc.analysis import capacity
from browserconc.lab.process import Household, ProcessError
from browserconc.lab.server_probe import Probe
from browserconc.lab.servers import Server, ServerError, parse, start
from browserconc.lab.strategies.raw_socket import RawClientError
from browserconc.model.finding import Environment
from browserconc.model.server_row import Batch, Probed, Seen, ServerRow, Survey
from browserconc.model.timeline import Track

COMPUTING_S = 0.1
COMPUTING_REQUESTS = 4
BLOCKING_S = 0.15
SIDE_BY_SIDE = 3
"""Most questions are spent sleeping, so three servers do not disturb each other; computing ones are asked
alone."""
EXPECTED_S = 4.0
"""What one server takes on an idle machine, starting included; for the progress line only."""
SLACK_S = 10.0


class Told(Protocol):
    """Who is told how the survey comes along."""

    def trial_started(self, id: str, strategy: str, tabs: int, expected_s: float | None = None) -> None:
        """A server is started."""

    def trial_ended(self, id: str, text: str) -> None:
        """It has been measured, or could not be."""


async def measure(specs: Sequence[str], told: Told, rows: list[ServerRow]) -> None:
    """Measures each of these servers by raw sockets; one that cannot be measured is a row that says why.

    Args:
        specs: names as `lab.servers.parse` knows them.
        told: hears of each server when it begins, and its sentence when it is done.
        rows: each row is appended as soon as it is known, so an interruption loses one at most.
    """
    places = asyncio.Semaphore(SIDE_BY_SIDE)
    alone = asyncio.Lock()

    async def one(household: Household, spec: str) -> None:
        async with places:
            told.trial_started(spec, spec, 1, EXPECTED_S)
            row = await _surveyed(household, parse(spec), alone)
            rows.append(row)
            told.trial_ended(spec, row.error or row.sentence)

    with Household() as household:
        async with asyncio.TaskGroup() as tasks:
            for spec in specs:
                tasks.create_task(one(household, spec))
    rows.sort(key=lambda row: specs.index(row.server))


def here(rows: Sequence[ServerRow]) -> Survey:
    """The rows with what they were measured on; no browser takes part."""
    environment = Environment(
        browserconc=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cpus=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        browser=None,
    )
    return Survey(environment, tuple(rows))


async def _surveyed(household: Household, server: Server, alone: asyncio.Lock) -> ServerRow:
    folder = household.folder("server")
    stated = server.capacity
    try:
        running = await start(household, server, folder)
    except ServerError as problem:
        return capacity.failed(server.spec, server.model, stated, problem.in_full)
    probe = Probe(household, running, folder)
    try:
        seen: list[Seen] = []
        while batch := capacity.next_batch(stated, server.workers, seen):
            seen.append(Seen(batch, await _sent(probe, batch)))
        silent = {1: await probe.silence_blocks(1)}
        if stated and stated > 1:
            silent[stated] = await probe.silence_blocks(stated)
        blocking: tuple[Track, ...] = ()
        if server.model == "event-loop":
            path = f"/slow?delay={BLOCKING_S}&blocking=1"
            blocking = await probe.at_once(path, COMPUTING_REQUESTS * server.workers, SLACK_S)
        async with alone:
            one = await probe.at_once(f"/cpu?seconds={COMPUTING_S}", 1, SLACK_S)
            computing = await probe.at_once(f"/cpu?seconds={COMPUTING_S}", COMPUTING_REQUESTS, SLACK_S)
        probed = Probed(
            server=server.spec,
            model=server.model,
            stated=stated,
            processes=server.workers,
            seen=tuple(seen),
            keep_alive=await probe.keeps_alive(),
            silent=silent,
            computing_alone=one,
            computing=computing,
            blocking_ns=round(BLOCKING_S * 1e9),
            blocking=blocking,
        )
    except (RawClientError, ProcessError) as problem:
        tail = "" if running.is_alive() else running.log_tail()
        why = f"{problem} The server had died; its log ends:\n{tail}" if tail else str(problem)
        return capacity.failed(server.spec, server.model, stated, why)
    finally:
        await running.stop()
    return capacity.row(probed)


async def _sent(probe: Probe, batch: Batch) -> tuple[Track, ...]:
    delay_s = batch.delay_ns / 1e9
    return await probe.at_once(f"/slow?delay={delay_s:g}", batch.requests, batch.requests * delay_s + SLACK_S)
