"""One Trial → one Recording: start the server, open the tabs, let them go, keep what was seen.

Every trial has a server of its own: no connection, queue or thread of one trial can be seen in
the next. Nothing is concluded here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from browserconc import recording
from browserconc.evidence import client, ledger
from browserconc.evidence.browser_logs import named
from browserconc.evidence.kernel import AcceptQueue
from browserconc.lab import machine_load, release
from browserconc.lab.browser import BrowserError, Browsers, Tabs
from browserconc.lab.certificate import Certificate
from browserconc.lab.observe import observed
from browserconc.lab.open_files import TooFewFilesError
from browserconc.lab.perform import perform
from browserconc.lab.process import Household, ProcessError
from browserconc.lab.process_tree import browser_cpu_ns, browser_memory_bytes, tree_cpu_ns
from browserconc.lab.running import Running, ServerError
from browserconc.lab.servers import chosen, start
from browserconc.lab.strategies import STRATEGIES, raw_socket
from browserconc.lab.strategy import Strategy
from browserconc.lab.workloads import WORKLOADS
from browserconc.model.plan import Trial
from browserconc.recording import Manifest, Recording

PROGRESS_PERIOD_S = 0.25
ONE_CONNECTION_EACH = (
    "The raw-socket client speaks HTTP/1.1, with a connection for each request: it does not show what the "
    "server does with many streams of one HTTP/2 connection."
)
WORK = {
    "sleep": "/slow?delay={seconds:g}",
    "compute": "/cpu?seconds={seconds:g}",
    "block": "/slow?delay={seconds:g}&blocking=1",
}
"""What the endpoint does for a request: the address for each kind of work."""


def target(trial: Trial) -> str:
    """The endpoint's address for the trial's workload and kind of work, without the origin."""
    seconds = trial.delay_s
    work = WORK[trial.work].format(seconds=seconds)
    return WORKLOADS[trial.workload].target.format(work=work, seconds=seconds)


class Watcher(Protocol):
    """Who is told how a trial comes along."""

    def update(self, trial_id: str, done: int, in_flight: int) -> None:
        """So many requests are done, so many are with the server now."""


async def record(
    trial: Trial,
    into: Path,
    *,
    household: Household,
    browsers: Browsers | None,
    watcher: Watcher,
    evidence: Collection[str] = (),
    certificate: Certificate | None = None,
) -> Recording:
    """Runs one trial, observed by `evidence` (see `observe.py`), and leaves its recording in `into`.

    A server with TLS shows `certificate`, which the browsers must have been told to trust.

    A trial that fails leaves a recording too, with the sentence that says why in its manifest.
    """
    strategy = STRATEGIES[trial.strategy]
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
        workload=trial.workload,
        browser=trial.browser,
    )
    # What stands there if we are killed before the trial is over.
    recording.save(into, replace(manifest, error="The run was killed in the middle of this trial."))
    running: Running | None = None
    tabs: Tabs | None = None
    try:
        started, opened = await asyncio.gather(
            start(household, server, into, backlog=trial.backlog, certificate=certificate),
            _open(strategy, browsers, trial.tabs),
            return_exceptions=True,
        )
        running = started if not isinstance(started, BaseException) else None
        tabs = opened if isinstance(opened, Tabs) else None
        for outcome in (started, opened):
            if isinstance(outcome, BaseException):
                raise outcome
        assert running
        manifest = replace(
            manifest,
            url=f"{running.origin}{trial.path or target(trial)}",
            prepared_ns=time.monotonic_ns(),
        )
        if tabs is None and server.kind.scheme == "https":  # the one that speaks HTTP/2
            manifest = replace(manifest, doubts=(ONE_CONNECTION_EACH,))
        manifest = named(manifest, tabs.logs if tabs else (), into)
        async with observed(tabs, evidence, into) as unseen:
            manifest = await _measure(trial, strategy, running, tabs, into, manifest, household, watcher)
        unseen += tabs.doubts if tabs else ()
        manifest = replace(manifest, doubts=(*manifest.doubts, *unseen))
    except (BrowserError, ServerError, raw_socket.RawClientError, ProcessError, TooFewFilesError) as problem:
        manifest = replace(manifest, error=str(problem), ended_ns=time.monotonic_ns())
    except OSError as problem:  # a full disk, no sockets left
        reason = f"The trial's files or sockets failed ({problem.strerror or problem})."
        manifest = replace(manifest, error=reason, ended_ns=time.monotonic_ns())
    except asyncio.CancelledError:
        manifest = replace(
            manifest, error="Interrupted.", released_ns=_release(into), ended_ns=time.monotonic_ns()
        )
        raise
    finally:
        try:
            recording.save(into, manifest)
        finally:
            await _closed(running, tabs)
    return Recording(into, manifest)


async def _closed(running: Running | None, tabs: Tabs | None) -> None:
    if running:
        await running.stop()
    if tabs:
        for after in tabs.after_trial:
            await after()
        tabs.after_trial.clear()
        await tabs.close()


def _release(folder: Path) -> int | None:
    """When the first request was let go, as far as the client's log was written."""
    try:
        rows = client.read(folder / client.FILE)
    except recording.RecordingError:
        return None
    return min((row.released_ns for row in rows if row.released_ns is not None), default=None)


async def _open(strategy: Strategy, browsers: Browsers | None, count: int) -> Tabs | None:
    if strategy.open is None:
        return None
    if browsers is None:
        raise BrowserError("No browser was started for a strategy that needs one.")
    return await strategy.open(browsers, count)


async def _measure(
    trial: Trial,
    strategy: Strategy,
    running: Running,
    tabs: Tabs | None,
    into: Path,
    manifest: Manifest,
    household: Household,
    watcher: Watcher,
) -> Manifest:
    urls = [strategy.address(manifest.url, index) for index in range(trial.tabs)]
    workload = WORKLOADS[trial.workload]
    facts = manifest.facts  # grows while the trial runs: an interrupted one keeps what it has
    done = 0

    def finished() -> None:
        nonlocal done
        done += 1

    before = machine_load.Reading.take()
    server_before = tree_cpu_ns(running.pid)
    queue = AcceptQueue(running.port)
    queue.sample()
    cpu_before = browser_cpu_ns() if tabs else 0
    progress = asyncio.create_task(_report(trial.id, running.ledger, queue, lambda: done, watcher))
    lines: list[client.ClientLine] = []
    released: release.Released | None = None
    try:
        if tabs is None:
            await raw_socket.measure(
                household,
                urls=urls,
                mode="cold",
                timeout_s=trial.timeout_s,
                out=into / client.FILE,
                ca_file=running.ca_file,
                headers=workload.headers,
                until=workload.until,
            )
        else:
            released = await _let_go(trial, strategy, tabs, urls, facts, lines, finished)
            client.write(into / client.FILE, released.lines)
    except asyncio.CancelledError:
        if lines:
            with suppress(OSError):
                client.write(into / client.FILE, lines)
        raise
    finally:
        progress.cancel()
    over_ns = time.monotonic_ns()
    facts.update(machine_load.Reading.take().since(before))
    queue.sample()
    facts.update(queue.facts())
    facts["server_model"] = running.server.model
    if running.is_alive():
        facts["server_cpu_ns"] = max(0, tree_cpu_ns(running.pid) - server_before)
    rows = client.read(into / client.FILE)
    released_ns = released.released_ns if released else _release(into)
    given_up_ns = min(over_ns, (released_ns or over_ns) + round(trial.timeout_s * 1e9))
    manifest = replace(
        manifest,
        released_ns=released_ns,
        ended_ns=max(
            (given_up_ns if row.done_ns is None else row.done_ns for row in rows), default=given_up_ns
        ),
    )
    if tabs:
        manifest = replace(
            manifest,
            startup_ns=tabs.startup_ns,
            cpu_ns=max(0, browser_cpu_ns() - cpu_before) if tabs.is_ours else None,
            memory_bytes=browser_memory_bytes(but=tabs.processes_before) if tabs.is_ours else None,
        )
    if not running.is_alive():
        last = running.log_tail(1)
        manifest = replace(
            manifest, doubts=(f"The server died during the trial{': ' + last if last else '.'}",)
        )
    return manifest


async def _let_go(
    trial: Trial,
    strategy: Strategy,
    tabs: Tabs,
    urls: Sequence[str],
    facts: dict[str, Any],
    lines: list[client.ClientLine],
    finished: Callable[[], None],
) -> release.Released:
    facts["browser"] = tabs.identity()
    workload = WORKLOADS[trial.workload]
    if strategy.release == "fetch" and not workload.script:
        workload = WORKLOADS["fetch"]
    if workload.script:
        facts["pages"] = len(tabs.pages)
        return await perform(tabs.pages, urls, workload, trial.timeout_s, finished, facts=facts)
    gates: list[str] = []
    facts["gates"] = gates
    return await release.navigate(tabs.pages, urls, trial.timeout_s, finished, lines, gates)


async def _report(
    trial_id: str, path: Path, queue: AcceptQueue, done: Callable[[], int], watcher: Watcher
) -> None:
    """Tells the watcher, from what the ledger has grown by, how many requests are with the server."""
    growing = ledger.Progress(path)
    while True:
        await asyncio.sleep(PROGRESS_PERIOD_S)
        queue.sample()
        started, ended = growing.counts()
        watcher.update(trial_id, max(done(), ended), started - ended)
