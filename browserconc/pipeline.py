"""The whole story: a Plan is recorded trial by trial, the recordings are analysed, a Result comes out.

Start reading here. The lab's half ends at a folder on disk; `analyze` starts from that folder, so
a run that was interrupted, or one from last year, is judged in the same way as a fresh one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from browserconc import recording, this_machine
from browserconc.analysis.conclusion import conclude
from browserconc.analysis.correlate import correlate
from browserconc.analysis.verdict import judge
from browserconc.evidence import client, ledger
from browserconc.evidence.browser_logs import BrowserLogs
from browserconc.lab import certificate as certificates
from browserconc.lab.browser import Browsers
from browserconc.lab.certificate import Certificate
from browserconc.lab.host_agent import Agent
from browserconc.lab.hosts import Hosts
from browserconc.lab.process import Household
from browserconc.lab.record import Watcher, record
from browserconc.lab.record_on_hosts import record_on_hosts
from browserconc.lab.servers import Server, chosen
from browserconc.lab.strategies import STRATEGIES
from browserconc.model.cause import Evidence
from browserconc.model.finding import BrowserFacts, Cost, Environment, Result, TrialFinding
from browserconc.model.plan import BrowserChoice, Plan, Trial
from browserconc.model.timeline import Fact, Track
from browserconc.recording import Recording


class Progress(Watcher):
    """Who is told how a run comes along; this one listens to nothing."""

    def trial_started(self, trial_id: str, strategy: str, tabs: int, expected_s: float | None) -> None:
        """A trial begins."""

    def update(self, trial_id: str, done: int, in_flight: int) -> None:
        """So many requests are done, so many are with the server now."""

    def trial_ended(self, trial_id: str, text: str) -> None:
        """A trial is over."""


async def compare(plan: Plan, out: Path, progress: Progress) -> None:
    """Runs every trial of the plan; `analyze(out)` then concludes.

    What was measured lies in `out` even when this is cancelled.

    Raises:
        BrowserError: a browser is needed and there is none, or it does not start.
        RecordingError: `out` cannot be written.
    """
    recording.save_run(out, this_machine.run("compare", headed=plan.browsers[0].headed, profile=plan.profile))
    with Household() as household:
        certificate = _certificate(plan, household)
        recorded: list[Recording] = []
        for choice, trials in _by_browser(plan):
            async with AsyncExitStack() as stack:
                browsers = None
                if choice:
                    netlogs = out if "netlog" in plan.evidence else None
                    browsers = Browsers(household, _trusting(choice, certificate), netlogs=netlogs)
                    await stack.enter_async_context(browsers)
                for trial in trials:
                    recorded.append(
                        await _one(
                            plan, trial, out, len(recorded), household, browsers, certificate, progress
                        )
                    )
        for trial in _proofs(plan, recorded):
            recorded.append(
                await _one(plan, trial, out, len(recorded), household, None, certificate, progress)
            )


def _by_browser(plan: Plan) -> list[tuple[BrowserChoice | None, list[Trial]]]:
    """The trials, in their order, with the one browser that is open for them."""
    parts: list[tuple[BrowserChoice | None, list[Trial]]] = []
    for choice in plan.browsers:
        own = [trial for trial in plan.trials if trial.browser == choice.name]
        first = [trial for trial in plan.trials if trial.browser is None] if not parts else []
        together = [trial for trial in plan.trials if trial in own or trial in first]
        if together:
            parts.append((choice if own else None, together))
    return parts


async def compare_on_hosts(plan: Plan, out: Path, progress: Progress) -> None:
    """As `compare`, with the requests of each trial shared by the hosts of `plan.cluster`.

    Raises:
        HostsError: the hosts cannot be used.
        RecordingError: `out` cannot be written.
    """
    assert plan.cluster
    recording.save_run(out, this_machine.run("compare", headed=plan.browsers[0].headed, profile=plan.profile))
    with Household() as household:
        needed = any(STRATEGIES[trial.strategy].open for trial in plan.trials)
        netlogs = out if "netlog" in plan.evidence else None
        choice = plan.browsers[0] if needed else None
        agent = (Agent, choice, netlogs is not None)
        async with Hosts(household, plan.cluster, *agent, netlogs=netlogs) as hosts:
            for number, trial in enumerate(plan.trials, start=1):
                progress.trial_started(trial.id, trial.strategy, trial.tabs, trial.delay_s)
                folder = out / f"{number:02d}-{trial.id}"
                one = await record_on_hosts(trial, folder, household=household, hosts=hosts)
                progress.trial_ended(trial.id, _first_word(one))


async def _one(
    plan: Plan,
    trial: Trial,
    out: Path,
    number: int,
    household: Household,
    browsers: Browsers | None,
    certificate: Certificate | None,
    progress: Progress,
) -> Recording:
    progress.trial_started(trial.id, trial.strategy, trial.tabs, trial.delay_s)
    folder = out / f"{number + 1:02d}-{trial.id}"
    one = await record(
        trial,
        folder,
        household=household,
        browsers=browsers,
        watcher=progress,
        evidence=plan.evidence,
        certificate=certificate,
    )
    progress.trial_ended(trial.id, _first_word(one))
    return one


def _certificate(plan: Plan, household: Household) -> Certificate | None:
    """One for all servers with TLS, so that a browser can be told of it when it starts."""
    secure = any(_server(trial).kind.scheme == "https" for trial in plan.trials)
    if not secure or not certificates.can_be_made():  # then the server's start says what is missing
        return None
    return certificates.make(household.folder("certificate"))


def _server(trial: Trial) -> Server:
    return chosen(trial.server, app=trial.app, command=trial.command)


def _trusting(choice: BrowserChoice, certificate: Certificate | None) -> BrowserChoice:
    if certificate is None:
        return choice
    return replace(choice, switches=(*choice.switches, certificate.switch))


def _first_word(one: Recording) -> str:
    """What can be said before the browser's own log is complete."""
    manifest = one.manifest
    if manifest.error:
        return manifest.error
    took_ns = (manifest.ended_ns or 0) - (manifest.released_ns or 0)
    return f"took {took_ns / 1e9:.2f} s"


def _proofs(plan: Plan, recorded: Sequence[Recording]) -> list[Trial]:
    """Where the server is what limits the raw client, the same work on a wider one: does it help?"""
    if len({trial.server for trial in plan.trials}) > 1:
        return []
    for trial, one in zip(plan.trials, recorded, strict=True):
        if STRATEGIES[trial.strategy].release != "raw-socket":
            continue
        if _judged(one, BrowserLogs()).verdict.cause != "server-width":
            return []
        wider = _server(trial).wider(trial.tabs)
        return [replace(trial, id=f"raw-socket-{wider.replace(':', '-')}", server=wider)] if wider else []
    return []


def analyze(folder: Path) -> Result:
    """Judges the recordings of one run; nothing but the folder is needed.

    Raises:
        RecordingError: the folder is no run.
    """
    run, recordings = recording.load_run(folder)
    logs = BrowserLogs()
    trials = tuple(_judged(one, logs) for one in recordings)
    driven = _driven(recordings, logs, headless=not run.headed)
    environment = Environment(
        run.browserconc,
        run.python,
        run.platform,
        run.cpus,
        run.memory_bytes,
        driven[0] if driven else None,
        driven[1:],
    )
    return Result(run.command, environment, trials, conclude(trials), str(folder))


def _driven(
    recordings: Sequence[Recording], logs: BrowserLogs, *, headless: bool
) -> tuple[BrowserFacts, ...]:
    """The browsers of a run, in the order in which they were driven."""
    names = dict.fromkeys(one.manifest.browser for one in recordings)
    of = [[one for one in recordings if one.manifest.browser == name] for name in names]
    return tuple(facts for each in of if (facts := logs.browser(each, headless=headless)))


def _judged(one: Recording, logs: BrowserLogs) -> TrialFinding:
    manifest = one.manifest
    released_ns = manifest.released_ns or manifest.prepared_ns or 0
    ended_ns = manifest.ended_ns or released_ns
    tracks: list[Track] = []
    sources = set()
    facts: dict[str, Fact] = {
        name: manifest.facts.get(name)
        for name in (
            "cpu_busy_share",
            "cpu_pressure_share",
            "server_model",
            "server_cpu_ns",
            "accept_queue_peak",
            "listen_overflows",
            "pages",
            "hidden_tabs",
        )
    }
    doubts = list(manifest.doubts)
    for source, path, read in (
        ("client", one.log(client.FILE), client.tracks),
        ("ledger", one.log(ledger.FILE), ledger.everything),
    ):
        try:
            found = read(path) if path.exists() else []
        except recording.RecordingError as problem:
            doubts.append(str(problem))
            continue
        if path.exists():
            tracks += found
            sources.add(source)
        elif manifest.facts.get("server_model") == "unknown":
            doubts.append(
                "The server is a command and writes no ledger, so its queue and its workers are not seen: "
                "`browserconc servers --server-cmd` judges them from outside, and --app or "
                "browserconc.middleware gives a ledger."
            )
        elif manifest.released_ns is not None:
            doubts.append(f"The trial's {path.name} is missing, so what the {source} saw is not known.")
    seen = logs.seen(one)
    tracks += seen.tracks
    sources |= seen.sources
    doubts += seen.doubts
    facts.update(seen.pool_limits)
    facts["max_sockets_per_group"] = seen.max_sockets_per_group
    evidence = Evidence(
        id=manifest.id,
        strategy=manifest.strategy,
        server=manifest.server,
        server_stated=manifest.server_stated,
        url=manifest.url,
        tabs=manifest.tabs,
        delay_ns=None if manifest.delay_s is None else round(manifest.delay_s * 1e9),
        repeat=manifest.repeat,
        released_ns=released_ns,
        ended_ns=ended_ns,
        tracks=tuple(tracks),
        sources=frozenset(sources),
        gates={url: index for index, url in enumerate(manifest.facts.get("gates", ()))},
        facts=facts,
        doubts=tuple(doubts),
        error=manifest.error,
        workload=manifest.workload,
        browser=manifest.browser,
    )
    return judge(correlate(evidence), _cost(one))


def _cost(one: Recording) -> Cost | None:
    manifest = one.manifest
    if manifest.memory_bytes is None or manifest.cpu_ns is None or manifest.startup_ns is None:
        return None
    return Cost(manifest.memory_bytes, manifest.cpu_ns, manifest.startup_ns)
