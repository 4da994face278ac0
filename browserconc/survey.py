"""`browserconc servers`: every server is started, asked and stopped, one after the other; rows come out.

The same story as `pipeline.py` in small: the lab asks (`lab/server_probe.py`), the analysis says what
to ask next and what the answers mean (`analysis/capacity.py`). Nothing is kept but the rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from browserconc import this_machine
from browserconc.analysis import capacity
from browserconc.lab.process import Household, ProcessError
from browserconc.lab.server_probe import Probe
from browserconc.lab.servers import Server, ServerError, chosen, start
from browserconc.lab.strategies.raw_socket import RawClientError
from browserconc.model.server_row import Probed, Seen, ServerRow, Survey
from browserconc.model.timeline import Track
from browserconc.survey_command import survey_command

COMPUTING_S = 0.1
COMPUTING_REQUESTS = 4
BLOCKING_S = 0.15
SIDE_BY_SIDE = 3
"""Most questions are spent sleeping, so three servers do not disturb each other; computing ones are asked
alone."""
EXPECTED_S = 4.0
"""What one server takes on an idle machine, starting included; for the progress line only."""
SLACK_S = 10.0
LONGEST_S = 60.0
"""For all requests of one question to an address of the user's."""


class Told(Protocol):
    """Who is told how the survey comes along."""

    def trial_started(self, id: str, strategy: str, tabs: int, expected_s: float | None = None) -> None:
        """A server is started."""

    def trial_ended(self, id: str, text: str) -> None:
        """It has been measured, or could not be."""


async def measure(
    specs: Sequence[str],
    told: Told,
    rows: list[ServerRow],
    *,
    app: str | None = None,
    command: str | None = None,
    path: str | None = None,
) -> None:
    """Measures each of these servers by raw sockets; one that cannot be measured is a row that says why.

    Args:
        specs: names as `lab.servers.parse` knows them.
        told: hears of each server when it begins, and its sentence when it is done.
        rows: each row is appended as soon as it is known, so an interruption loses one at most.
        app: the user's application instead of the slow endpoint.
        command: the user's server, the only one of `specs`.
        path: what to ask of one of these.
    """
    places = asyncio.Semaphore(SIDE_BY_SIDE)
    alone = asyncio.Lock()

    async def one(household: Household, spec: str) -> None:
        async with places:
            told.trial_started(spec, spec, 1, EXPECTED_S)
            server = chosen(spec, app=app, command=command)
            if command:
                row = await survey_command(household, server, path or "/")
            else:
                row = await _surveyed(household, server, alone, path if app is None else path or "/")
            rows.append(row)
            told.trial_ended(spec, row.error or row.sentence)

    with Household() as household:
        async with asyncio.TaskGroup() as tasks:
            for spec in specs:
                tasks.create_task(one(household, spec))
    rows.sort(key=lambda row: specs.index(row.server))


def here(rows: Sequence[ServerRow]) -> Survey:
    """The rows with what they were measured on; no browser takes part."""
    return Survey(this_machine.environment(None), tuple(rows))


async def _surveyed(household: Household, server: Server, alone: asyncio.Lock, path: str | None) -> ServerRow:
    folder = household.folder("server")
    try:
        running = await start(household, server, folder)
    except ServerError as problem:
        return capacity.failed(_plain(server), problem.in_full)
    try:
        if path is None:
            probed = await _asked(Probe(household, running, folder), server, alone)
        else:
            probed = await _asked_of_users(Probe(household, running, folder, path), server, path)
    except (RawClientError, ProcessError) as problem:
        tail = "" if running.is_alive() else running.log_tail()
        why = f"{problem} The server had died; its log ends:\n{tail}" if tail else str(problem)
        return capacity.failed(_plain(server), why)
    finally:
        await running.stop()
    return capacity.row(probed)


def _plain(server: Server) -> Probed:
    """What is known of a server without asking it."""
    return Probed(
        server=server.spec,
        model=server.model,
        stated=server.capacity,
        backlog=server.kind.backlog,
        processes=server.workers,
    )


async def _asked(probe: Probe, server: Server, alone: asyncio.Lock) -> Probed:
    """Asks all that our own endpoint can answer."""
    seen: list[Seen] = []
    while batch := capacity.next_batch(server.capacity, server.workers, seen):
        delay_s = batch.delay_ns / 1e9
        timeout_s = batch.requests * delay_s + SLACK_S
        tracks = await probe.at_once(f"/slow?delay={delay_s:g}", batch.requests, timeout_s)
        seen.append(Seen(batch, tracks))
    silent = await _beside_silence(probe, server)
    blocking: tuple[Track, ...] = ()
    if server.model == "event-loop":
        path = f"/slow?delay={BLOCKING_S}&blocking=1"
        blocking = await probe.at_once(path, COMPUTING_REQUESTS * server.workers, SLACK_S)
    async with alone:
        one = await probe.at_once(f"/cpu?seconds={COMPUTING_S}", 1, SLACK_S)
        computing = await probe.at_once(f"/cpu?seconds={COMPUTING_S}", COMPUTING_REQUESTS, SLACK_S)
    return replace(
        _plain(server),
        seen=tuple(seen),
        keep_alive=await probe.keeps_alive(),
        silent=silent,
        computing_alone=one,
        computing=computing,
        blocking_ns=round(BLOCKING_S * 1e9),
        blocking=blocking,
    )


async def _asked_of_users(probe: Probe, server: Server, path: str) -> Probed:
    """Asks the user's address again and again: how long it takes is its own, and it may do anything."""
    alone = await probe.at_once(path, 1, LONGEST_S)
    each_ns = capacity.service_ns(alone)
    if each_ns is None:
        raise RawClientError(f"{path} was not answered within {LONGEST_S:g} s.")
    if each_ns < capacity.SHORTEST_NS:
        raise RawClientError(
            f"{path} takes {each_ns / 1e6:.1f} ms, too short to see how many run at once: give a --path that "
            f"takes {capacity.SHORTEST_NS / 1e6:.0f} ms or more."
        )
    seen: list[Seen] = []
    while batch := capacity.next_batch(server.capacity, server.workers, seen):
        timeout_s = min(LONGEST_S, batch.requests * each_ns / 1e9 + SLACK_S)
        seen.append(Seen(batch, await probe.at_once(path, batch.requests, timeout_s)))
    return replace(
        _plain(server),
        seen=tuple(seen),
        keep_alive=await probe.keeps_alive(),
        silent=await _beside_silence(probe, server, each_ns / 1e9),
    )


async def _beside_silence(probe: Probe, server: Server, answer_s: float = 0.0) -> dict[int, bool]:
    numbers = dict.fromkeys((1, server.capacity or 1))
    found = {number: await probe.silence_blocks(number, answer_s) for number in numbers}
    return {number: blocks for number, blocks in found.items() if blocks is not None}
