"""One Trial on many hosts → one Recording, all instants on our clock.

The server runs here, as in `record.py`; each host opens its share of the tabs, and all are let go at one
instant, which every host is told in its own clock's time. What the hosts saw is merged: a host's clock is
ahead of ours by `netlog_clock_ns` where a log of its is read later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from browserconc import recording
from browserconc.evidence import client
from browserconc.evidence.client import ClientLine
from browserconc.evidence.kernel import AcceptQueue
from browserconc.lab.agent import ARMING_S
from browserconc.lab.host_agent import Agent, Flown, Share
from browserconc.lab.hosts import Clock, Hosts, HostsError
from browserconc.lab.process import Household
from browserconc.lab.process_tree import tree_cpu_ns
from browserconc.lab.record import WORK
from browserconc.lab.running import ServerError
from browserconc.lab.servers import chosen, start
from browserconc.lab.strategies import STRATEGIES
from browserconc.model.plan import Trial
from browserconc.recording import Manifest, Recording

LEAD_NS = 300_000_000
"""How long before the common instant the hosts are told: a message takes milliseconds."""
RAW_LEAD_NS = 2_000_000_000
"""The raw client's process is started only then."""
UNSURE_NS = 1_000_000
"""A clock that is known no better than this is a doubt: NetLog's own steps are as long."""


async def record_on_hosts(trial: Trial, into: Path, *, household: Household, hosts: Hosts) -> Recording:
    """Runs one trial on all hosts and leaves its recording in `into`, as `record.record` does.

    A host that is lost in the middle makes the trial invalid; it is not repeated.
    """
    server = chosen(trial.server, app=trial.app, command=trial.command)
    manifest = Manifest(
        id=trial.id,
        strategy=trial.strategy,
        server=trial.server,
        server_stated=server.capacity,
        url="",
        tabs=trial.tabs,
        delay_s=trial.delay_s,
        repeat=trial.repeat,
    )
    recording.save(into, replace(manifest, error="The run was killed in the middle of this trial."))
    running = None
    try:
        running = await start(household, server, into, backlog=trial.backlog, address=hosts.listen)
        path = trial.path or WORK[trial.work].format(seconds=trial.delay_s)
        manifest = replace(manifest, url=f"{running.origin}{path}", prepared_ns=time.monotonic_ns())
        queue = AcceptQueue(running.port)
        queue.sample()
        before_ns = tree_cpu_ns(running.pid)
        clocks, flown = await _flown(trial, manifest.url, hosts)
        queue.sample()
        manifest.facts.update(queue.facts())
        manifest.facts["server_model"] = running.server.model
        if running.is_alive():
            manifest.facts["server_cpu_ns"] = max(0, tree_cpu_ns(running.pid) - before_ns)
        manifest = _merged(manifest, hosts, clocks, flown, into)
    except (HostsError, ServerError) as problem:
        lost = " The trial is invalid and was not repeated." if isinstance(problem, HostsError) else ""
        manifest = replace(manifest, error=f"{problem}{lost}", ended_ns=time.monotonic_ns())
    except OSError as problem:
        reason = f"The trial's files or sockets failed ({problem.strerror or problem})."
        manifest = replace(manifest, error=reason, ended_ns=time.monotonic_ns())
    except asyncio.CancelledError:
        manifest = replace(manifest, error="Interrupted.", ended_ns=time.monotonic_ns())
        raise
    finally:
        try:
            recording.save(into, manifest)
        finally:
            if running:
                await running.stop()
    return Recording(into, manifest)


def shares(trial: Trial, url: str, hosts: int) -> list[Share]:
    """The trial's requests in equal parts, in order; the first hosts have one more where they must."""
    strategy = STRATEGIES[trial.strategy]
    least, more = divmod(trial.tabs, hosts)
    parts: list[Share] = []
    first = 0
    for number in range(hosts):
        count = least + (number < more)
        urls = tuple(strategy.address(url, index) for index in range(first, first + count))
        parts.append(Share(trial.strategy, urls, first, trial.timeout_s))
        first += count
    return parts


async def _flown(trial: Trial, url: str, hosts: Hosts) -> tuple[list[Clock], list[Flown]]:
    clocks = [await hosts.clock(machine) for machine in hosts.machines]
    parts = shares(trial, url, len(hosts.machines))
    await hosts.each(Agent.arm, [(part,) for part in parts], ARMING_S)
    lead_ns = LEAD_NS if STRATEGIES[trial.strategy].open else RAW_LEAD_NS
    at_ns = time.monotonic_ns() + lead_ns
    timeout_s = trial.timeout_s + lead_ns / 1e9 + 10.0
    flown = await hosts.each(Agent.go, [(at_ns + clock.offset_ns, timeout_s) for clock in clocks], timeout_s)
    return clocks, flown


def _merged(
    manifest: Manifest, hosts: Hosts, clocks: Sequence[Clock], flown: Sequence[Flown], into: Path
) -> Manifest:
    """All that the hosts saw, on our clock and under the trial's own numbers."""
    lines: list[ClientLine] = []
    gates: list[str] = []
    netlogs: list[str] = []
    netlog_clocks: list[int] = []
    facts = dict(manifest.facts)
    for machine, clock, seen in zip(hosts.machines, clocks, flown, strict=True):
        first = len(lines)
        lines += [on_our_clock(replace(line, index=first + line.index), clock) for line in seen.lines]
        gates += seen.gates
        netlogs += [f"../{hosts.log_name(machine, name)}" for name in seen.netlogs]
        netlog_clocks += [clock.offset_ns] * len(seen.netlogs)
        for name in ("cpu_busy_share", "cpu_pressure_share"):
            facts[name] = max(facts.get(name, 0.0), seen.facts.get(name, 0.0))
        facts.setdefault("browser", seen.facts.get("browser"))
    facts["netlog_clock_ns"] = netlog_clocks
    facts["hosts"] = [
        {"name": machine.name, "cpus": machine.host.cpus, "platform": machine.host.platform,
         "clock_offset_ns": clock.offset_ns, "clock_error_ns": clock.error_ns}
        for machine, clock in zip(hosts.machines, clocks, strict=True)
    ]  # fmt: skip
    if gates:
        facts["gates"] = gates
    client.write(into / client.FILE, lines)
    released = [line.released_ns for line in lines if line.released_ns is not None]
    done = [line.done_ns for line in lines if line.done_ns is not None]
    return replace(
        manifest,
        released_ns=min(released, default=None),
        ended_ns=max(done, default=time.monotonic_ns()),
        netlogs=tuple(netlogs),
        facts=facts,
        startup_ns=max((seen.startup_ns for seen in flown if seen.startup_ns is not None), default=None),
        cpu_ns=_sum([seen.cpu_ns for seen in flown]),
        memory_bytes=_sum([seen.memory_bytes for seen in flown]),
        doubts=(*manifest.doubts, *_doubts(hosts, clocks)),
    )


def on_our_clock(line: ClientLine, clock: Clock) -> ClientLine:
    """The same line with every instant in the coordinator's time."""
    instants = {each.name: getattr(line, each.name) for each in fields(line) if each.name.endswith("_ns")}
    shifted = {name: at - clock.offset_ns for name, at in instants.items() if at is not None}
    return replace(line, **shifted)


def _doubts(hosts: Hosts, clocks: Sequence[Clock]) -> tuple[str, ...]:
    names = ", ".join(machine.name for machine in hosts.machines)
    worst_ms = max(clock.error_ns for clock in clocks) / 1e6
    said = [
        f"The requests came from {len(clocks)} hosts ({names}), whose clocks are known to {worst_ms:.1f} ms; "
        "each has browsers of its own, so a browser's limit holds for each host."
    ]
    if worst_ms * 1e6 > UNSURE_NS:
        said.append("A host's clock is known to more than a millisecond only: short waits are uncertain.")
    return tuple(said)


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
