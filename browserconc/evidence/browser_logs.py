"""What the browsers of one trial left: NetLog files, traces, CDP lines, Firefox's logs → Tracks.

The trace holds the same events as the NetLog file, with microseconds; `trace_beside_netlog.py` makes one
track of the two. Its tracks are called "netlog" too: they tell of the same network stack under the
same names.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from browserconc.evidence import (
    cdp,
    mozlog,
    mozlog_channel,
    netlog,
    nettrace,
    trace_beside_netlog,
    url_request,
)
from browserconc.evidence.pool_state import pool_limits
from browserconc.model.finding import BrowserFacts
from browserconc.model.timeline import Track
from browserconc.recording import Manifest, Recording, RecordingError

_TRUST = "--ignore-certificate-errors-spki-list"
"""The key of our test server's certificate, a new one for every run."""


@dataclass(slots=True)
class Seen:
    """What the browsers' logs say about one trial; `sources` are those that could be read."""

    tracks: list[Track] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    max_sockets_per_group: int | None = None
    pool_limits: dict[str, int] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def named(manifest: Manifest, logs: Sequence[Path], folder: Path) -> Manifest:
    """The manifest with these logs in it, as they are reached from its folder."""
    names = [os.path.relpath(path, folder) for path in logs]
    firefox = tuple(name for name in names if name.endswith(mozlog.SUFFIX))
    return replace(manifest, netlogs=tuple(n for n in names if n not in firefox), mozlogs=firefox)


class BrowserLogs:
    """Reads each NetLog of a run once, for all the trials that it covers."""

    def __init__(self) -> None:
        self._read: dict[Path, netlog.NetLog | str] = {}
        self._mozlogs: dict[Path, mozlog.MozLog | str] = {}
        self._tracks: dict[Path, list[Track]] = {}

    def seen(self, one: Recording) -> Seen:
        """What was seen of the requests that began within this trial."""
        manifest = one.manifest
        since_ns = manifest.prepared_ns or 0
        until_ns = manifest.ended_ns or manifest.released_ns or since_ns
        seen = Seen()
        logged: list[Track] = []
        for path, ahead_ns in one.netlogs():
            log = self._netlog(path)
            if isinstance(log, str):
                seen.doubts.append(log)
                continue
            seen.sources.add("netlog")
            logged += _within(_on_our_clock(self._tracks[path], ahead_ns), since_ns, until_ns)
            seen.pool_limits.update(pool_limits(log.polled))
            seen.max_sockets_per_group = log.max_sockets_per_group or seen.max_sockets_per_group
        traced = _within(_traced(one, seen), since_ns, until_ns)
        seen.tracks, doubt = trace_beside_netlog.together(logged, traced)
        if doubt:
            seen.doubts.append(doubt)
        if manifest.netlogs and "netlog" not in seen.sources:
            seen.doubts.append("The browser left no readable NetLog, so its waits cannot be told apart.")
        self._firefox(one, seen, since_ns, until_ns)
        if (path := one.log(cdp.FILE)).is_file():
            try:
                seen.tracks += cdp.tracks(path)
                seen.sources.add(cdp.SOURCE)
            except RecordingError as problem:
                seen.doubts.append(str(problem))
        return seen

    def browser(self, recordings: Sequence[Recording], *, headless: bool) -> BrowserFacts | None:
        """Their browser, by the word of its own log, else by the driver's; None where none was driven."""
        logs = (self._read.get(path) for one in recordings for path, _ in one.netlogs())
        if log := next((log for log in logs if isinstance(log, netlog.NetLog)), None):
            path = log.client.get("command_line", "").split(" ", 1)[0]
            name, version = log.client.get("name", "Chromium"), log.client.get("version", "")
            return BrowserFacts(name, version, path, headless, lasting(log.switches))
        for one in recordings:
            told = one.manifest.facts.get("browser")
            if isinstance(told, dict):
                switches = lasting([str(switch) for switch in told.get("switches", ())])
                words = [str(told.get(name, "")) for name in ("name", "version", "path")]
                return BrowserFacts(words[0], words[1], words[2], headless, switches)
        return None

    def _firefox(self, one: Recording, seen: Seen, since_ns: int, until_ns: int) -> None:
        for path in one.mozlogs():
            log = self._mozlog(path)
            if isinstance(log, str):
                seen.doubts.append(log)
                continue
            seen.sources.add(mozlog.SOURCE)
            seen.tracks += _within(self._tracks[path], since_ns, until_ns)
            if abs(log.changed_ns) > mozlog.STEPPED_NS:
                seen.doubts.append(
                    f"The wall clock was set by {log.changed_ns / 1e6:.0f} ms while Firefox logged by it: "
                    "its instants may be wrong by that much."
                )
        if one.manifest.mozlogs and mozlog.SOURCE not in seen.sources:
            seen.doubts.append("Firefox left no readable log, so its waits cannot be told apart.")

    def _mozlog(self, path: Path) -> mozlog.MozLog | str:
        if path not in self._mozlogs:
            try:
                log = mozlog.MozLog(path)
            except mozlog.MozLogError as problem:
                self._mozlogs[path] = str(problem)
            else:
                self._mozlogs[path] = log
                self._tracks[path] = mozlog_channel.tracks(log.lines)
        return self._mozlogs[path]

    def _netlog(self, path: Path) -> netlog.NetLog | str:
        """The log, or the sentence that says why there is none."""
        if path not in self._read:
            try:
                log = netlog.read(path)
            except netlog.NetLogError as problem:
                self._read[path] = str(problem)
            else:
                self._read[path] = log
                self._tracks[path] = url_request.tracks(log.events)
        return self._read[path]


def lasting(switches: Sequence[str]) -> tuple[str, ...]:
    """A browser's switches without those that differ from run to run and those that only mark others."""
    ours = ("--user-data-dir", "--log-net-log", "--flag-switches-", "--remote-debugging-")
    kept = [switch for switch in switches if not switch.startswith(ours)]
    return tuple(f"{_TRUST}=…" if switch.startswith(f"{_TRUST}=") else switch for switch in kept)


def _traced(one: Recording, seen: Seen) -> list[Track]:
    tracks: list[Track] = []
    for path in sorted(one.folder.glob(f"{Path(nettrace.FILE).stem}*{Path(nettrace.FILE).suffix}")):
        try:
            tracks += url_request.tracks(nettrace.events(path))
        except nettrace.TraceError as problem:
            seen.doubts.append(str(problem))
        else:
            seen.sources.add("netlog")
    return tracks


def _within(tracks: Sequence[Track], since_ns: int, until_ns: int) -> list[Track]:
    return [t for t in tracks if t.spans and since_ns <= t.spans[0].start_ns <= until_ns]


def _on_our_clock(tracks: Sequence[Track], ahead_ns: int) -> Sequence[Track]:
    """A host's log is in its own time."""
    if not ahead_ns:
        return tracks
    return [
        replace(
            track,
            spans=tuple(
                span._replace(
                    start_ns=span.start_ns - ahead_ns,
                    end_ns=None if span.end_ns is None else span.end_ns - ahead_ns,
                )
                for span in track.spans
            ),
        )
        for track in tracks
    ]
