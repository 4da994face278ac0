"""The folder between the halves: what the lab leaves behind and the analysis starts from.

A *run* is a folder with one `run.json` and one sub-folder per trial. A *recording* is such a
sub-folder: `trial.json` beside the logs that the sources wrote (`ledger.jsonl`, `client.jsonl`).
A browser shared by several trials writes one NetLog, which lies in the run folder; the
recordings that it covers name it. This file knows names and schema numbers; what a log line
means is known by the file in `evidence/` that writes and reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from platformdirs import user_cache_path

SCHEMA = "browserconc/recording-1"
RUN_FILE = "run.json"
TRIAL_FILE = "trial.json"


class RecordingError(Exception):
    """A folder or file that is not a recording, or not one that this version reads."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`trial.json`: what was asked for, and the instants and facts that only the lab knows.

    `released_ns` is the trial's start instant, `ended_ns` when the last request was over or given
    up; both are None for a trial that failed before. `error` is the sentence that says why.
    """

    id: str
    strategy: str
    server: str | None
    server_stated: int | None
    url: str
    tabs: int
    delay_s: float | None
    repeat: int
    prepared_ns: int | None = None
    released_ns: int | None = None
    ended_ns: int | None = None
    error: str | None = None
    netlogs: tuple[str, ...] = ()
    mozlogs: tuple[str, ...] = ()
    browser: str | None = None
    startup_ns: int | None = None
    cpu_ns: int | None = None
    memory_bytes: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    workload: str = "navigate"
    schema: str = SCHEMA


@dataclass(frozen=True, slots=True)
class Run:
    """`run.json`: the command, and the machine on which its trials were recorded."""

    command: str
    browserconc: str
    python: str
    platform: str
    cpus: int
    memory_bytes: int
    headed: bool = False
    profile: str | None = None
    schema: str = SCHEMA


@dataclass(frozen=True, slots=True)
class Recording:
    """One trial's folder and its manifest."""

    folder: Path
    manifest: Manifest

    def log(self, name: str) -> Path:
        """The path of one source's log in this folder; it need not exist."""
        return self.folder / name

    def netlogs(self) -> list[tuple[Path, int]]:
        """The NetLog files that cover this trial, those that exist, and how far their clock is ahead (ns).

        Of the browsers on this machine it is not.
        """
        names = self.manifest.netlogs
        ahead = self.manifest.facts.get("netlog_clock_ns") or [0] * len(names)
        return [
            (path, ahead_ns)
            for name, ahead_ns in zip(names, ahead, strict=False)
            for path in self._existing((name,))
        ]

    def mozlogs(self) -> list[Path]:
        """Firefox's logs that cover this trial, those that exist."""
        return self._existing(self.manifest.mozlogs)

    def _existing(self, names: tuple[str, ...]) -> list[Path]:
        paths = [(self.folder / name).resolve() for name in names]
        return [path for path in paths if path.is_file()]


def write_json(path: Path, value: object) -> None:
    """Writes `value` as indented JSON, whole or not at all (a rename)."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
    partial.replace(path)


def save(folder: Path, manifest: Manifest) -> Recording:
    """Writes `trial.json` into `folder`, which is made where it is missing.

    Raises:
        RecordingError: the folder cannot be made or written to.
    """
    _write(folder, TRIAL_FILE, manifest)
    return Recording(folder, manifest)


def load(folder: Path) -> Recording:
    """Reads one recording.

    Raises:
        RecordingError: no `trial.json`, unreadable, or of another schema.
    """
    return Recording(folder, _read(folder / TRIAL_FILE, Manifest))


def save_run(folder: Path, run: Run) -> None:
    """Writes `run.json` into `folder`, which is made where it is missing.

    Raises:
        RecordingError: the folder holds another run, or it cannot be made or written to.
    """
    if (folder / RUN_FILE).exists():
        raise RecordingError(f"{folder} holds another run already; choose a new folder with --out.")
    _write(folder, RUN_FILE, run)


def _write(folder: Path, name: str, value: object) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / name, value)
    except OSError as problem:
        raise RecordingError(
            f"The recording cannot be kept in {folder} ({problem.strerror}); choose a folder with --out."
        ) from problem


def new_folder() -> Path:
    """A folder that does not exist yet, named by the time, in the user's cache."""
    stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    folder = user_cache_path("browserconc") / stamp
    number = 2
    while folder.exists():
        folder = folder.with_name(f"{stamp}-{number}")
        number += 1
    return folder


def load_run(folder: Path) -> tuple[Run, list[Recording]]:
    """Reads a run and its recordings, in the order in which they were made.

    Raises:
        RecordingError: no run, unreadable, or of another schema.
    """
    if folder.is_dir() and not (folder / RUN_FILE).exists():
        raise RecordingError(f"{folder} is not a browserconc recording: it has no {RUN_FILE}.")
    run = _read(folder / RUN_FILE, Run)
    return run, [load(path.parent) for path in sorted(folder.glob(f"*/{TRIAL_FILE}"))]


_Schema = TypeVar("_Schema", Manifest, Run)


def _read(path: Path, kind: type[_Schema]) -> _Schema:
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read ({problem.strerror}).") from problem
    try:
        value = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise RecordingError(f"{path} is not a browserconc recording ({problem}).") from problem
    if value.schema != SCHEMA:
        raise RecordingError(f"{path} has schema {value.schema}; this version reads {SCHEMA}.")
    return value
