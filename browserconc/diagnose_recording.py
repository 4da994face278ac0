"""What the recording of a diagnosis says; while the diagnosis runs also what it says so far."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from browserconc import recording
from browserconc.analysis import diagnosis, held_open, outside
from browserconc.analysis.outside_trial import as_client_saw, first_byte_ns, round_for
from browserconc.analysis.service import host_and_path
from browserconc.analysis.shared_storage import told
from browserconc.analysis.visit_verdict import Judged, judge_visit
from browserconc.analysis.visits import headers_ns, sent_by_client, visited
from browserconc.evidence import client, diagnosis_notes, ledger, page_log, page_looks
from browserconc.evidence import outside as outside_log
from browserconc.evidence.browser_logs import BrowserLogs
from browserconc.evidence.diagnosis_notes import Notes
from browserconc.evidence.secrets import masked
from browserconc.lab.strategies import STRATEGIES
from browserconc.model.cause import Evidence
from browserconc.model.finding import Cost, Environment, Result
from browserconc.model.outside import OutsideView, ServerView
from browserconc.model.timeline import Fact, Track
from browserconc.model.workload import NOUNS
from browserconc.recording import Manifest, Recording, RecordingError

ALONE = "alone"
RAW = "raw-socket"
OWN_JARS = ("contexts", "user-data-dirs", "browsers")
"""Strategies whose tabs share no cookies but those that the visitor brought."""
HELD_OPEN = ("sse", "websocket")
"""Workloads whose connections stay open: raw sockets hold as many instead of examining the server."""
OUTSIDE = "outside"
"""The folder of a run in which lies what raw sockets saw of the server."""


def analyze(folder: Path) -> Result:
    """Judges a recorded diagnosis; nothing but the folder is needed.

    Raises:
        RecordingError: the folder is no run.
    """
    run, recordings = recording.load_run(folder)
    seen = _Seen(folder, recordings)
    judged = [seen.judged(one) for one in recordings if one.manifest.id != ALONE]
    if not any(one.manifest.strategy == RAW for one in recordings):
        judged = [*seen.by_raw_sockets(max((one.finding.tabs for one in judged), default=0)), *judged]
    environment = Environment(
        run.browserconc,
        run.python,
        run.platform,
        run.cpus,
        run.memory_bytes,
        seen.logs.browser(recordings, headless=not run.headed),
    )
    conclusion = diagnosis.conclude(
        judged,
        seen.alone,
        seen.server,
        seen.notes.critical_url or seen.notes.url,
        seen.notes.doubts,
        seen.notes.deaf_addresses,
    )
    return Result(run.command, environment, told(judged, conclusion), conclusion, str(folder))


def server(folder: Path) -> ServerView | None:
    """What raw sockets say of the server so far; None where they did not try it."""
    _, recordings = recording.load_run(folder)
    return _Seen(folder, recordings).server


def alone(folder: Path) -> Judged | None:
    """One tab alone, as far as its log is written; None where it was not recorded."""
    _, recordings = recording.load_run(folder)
    return _Seen(folder, recordings).alone


@dataclass(slots=True)
class _Seen:
    """The recordings of one diagnosis, judged by what its other experiments found out."""

    notes: Notes
    view: OutsideView | None
    server: ServerView | None
    logs: BrowserLogs
    ledger: list[Track]
    alone: Judged | None
    alone_ns: dict[str, int]
    headers_ns: dict[str, int]

    def __init__(self, folder: Path, recordings: list[Recording]) -> None:
        self.logs = BrowserLogs()
        try:
            self.notes = diagnosis_notes.read(folder)
        except RecordingError:
            self.notes = Notes(url=recordings[0].manifest.url if recordings else "")
        self.view = self.server = None
        if (folder / OUTSIDE / outside_log.FILE).is_file():
            self.view = outside_log.read(folder / OUTSIDE)
            self.server = outside.judge(self.view)
        elif self.notes.workload in HELD_OPEN:
            raw = next((one.log(client.FILE) for one in recordings if one.manifest.strategy == RAW), None)
            if raw and raw.is_file() and (tracks := client.tracks(raw)):
                self.server = held_open.judge(tracks, NOUNS[self.notes.workload])
        self.ledger = ledger.everything(folder / ledger.FILE)
        self.alone_ns, self.headers_ns = {}, {}
        self.alone = None
        self.alone = next((self.judged(one) for one in recordings if one.manifest.id == ALONE), None)
        if self.alone:
            self.alone_ns = diagnosis.with_the_server_ns(self.alone.finding)
        server = self.server
        if server and server.service_ns is not None and self.notes.critical_url:
            place = host_and_path(self.notes.critical_url)
            self.alone_ns[place] = server.service_ns
            if (first_ns := first_byte_ns(self.view)) is not None:
                self.headers_ns[place] = first_ns

    def judged(self, one: Recording) -> Judged:
        evidence = self._evidence(one)
        joined = sent_by_client(evidence) if one.manifest.strategy == RAW else visited(evidence, masked)
        if one.manifest.id == ALONE:
            self.headers_ns = headers_ns(joined.case)
        return judge_visit(joined, _cost(one), self.alone.loads[0] if self.alone else None)

    def _has_jars_of_its_own(self, strategy: str) -> bool:
        """Has every tab a session of its own, whose lock no other tab can hold?"""
        locked = self.server is not None and self.server.cause == "session-lock"
        return locked and not self.notes.brought_cookies and strategy in OWN_JARS

    def by_raw_sockets(self, tabs: int) -> list[Judged]:
        """The examination's round of at least so many clients, as a trial; none where there is no such."""
        one = round_for(self.view, tabs) if self.view and tabs else None
        if one is None:
            return []
        bare = Recording(
            Path(),
            Manifest(RAW, RAW, None, None, self.notes.url, tabs, None, 1, workload=self.notes.workload),
        )
        evidence = as_client_saw(one, tabs, self._evidence(bare), url=self.notes.critical_url or None)
        return [judge_visit(sent_by_client(evidence), None, self.alone.loads[0] if self.alone else None)]

    def _evidence(self, one: Recording) -> Evidence:
        manifest = one.manifest
        released_ns = manifest.released_ns or manifest.prepared_ns or 0
        tracks: list[Track] = []
        doubts = list(manifest.doubts)
        for path, read in (
            (one.log(client.FILE), client.tracks),
            (one.log(page_log.FILE), page_log.tracks),
            (one.log(page_looks.FILE), page_looks.tracks),
        ):
            if not path.exists():
                continue
            try:
                tracks += read(path)
            except RecordingError as problem:
                doubts.append(str(problem))
        seen = self.logs.seen(one)
        tracks += self.ledger
        facts: dict[str, Fact] = {
            name: manifest.facts.get(name) for name in ("cpu_busy_share", "cpu_pressure_share", "databases")
        }
        facts |= {**seen.pool_limits, "max_sockets_per_group": seen.max_sockets_per_group}
        server = self.server
        if server and not self._has_jars_of_its_own(manifest.strategy):
            facts["server_cause"], facts["server_limit"] = server.cause, server.limit
        return Evidence(
            id=manifest.id,
            strategy=manifest.strategy,
            server=None,
            server_stated=None,
            url=manifest.url,
            tabs=manifest.tabs,
            delay_ns=None,
            repeat=manifest.repeat,
            released_ns=released_ns,
            ended_ns=manifest.ended_ns or released_ns,
            tracks=tuple(tracks + seen.tracks),
            sources=frozenset(seen.sources),
            gates={url: index for index, url in enumerate(manifest.facts.get("gates", ()))},
            facts=facts,
            doubts=(*doubts, *seen.doubts),
            error=manifest.error,
            alone_ns=_by_every_host(self.alone_ns, manifest),
            alone_headers_ns=_by_every_host(self.headers_ns, manifest),
            workload=manifest.workload,
        )


def _by_every_host(alone_ns: dict[str, int], manifest: Manifest) -> dict[str, int]:
    """The server is the same by whatever name a strategy calls it."""
    own = urlsplit(manifest.url).netloc
    hosts = {
        urlsplit(STRATEGIES[manifest.strategy].address(manifest.url, tab)).netloc
        for tab in range(manifest.tabs)
    }
    return alone_ns | {
        host + place.removeprefix(own): ns
        for place, ns in alone_ns.items()
        if place.startswith(f"{own}/")
        for host in hosts
    }


def _cost(one: Recording) -> Cost | None:
    manifest = one.manifest
    if manifest.memory_bytes is None or manifest.cpu_ns is None or manifest.startup_ns is None:
        return None
    return Cost(manifest.memory_bytes, manifest.cpu_ns, manifest.startup_ns)
