"""Why requests waited, by a recording that exists: one of ours, or a log that somebody else made.

The same causes as in `pipeline.py` judge it. Nothing is measured here, and nothing is started.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from browserconc import __version__, pipeline, recording
from browserconc.analysis.pages import Observed, pages
from browserconc.analysis.pages_summary import summarise
from browserconc.analysis.sockets import connections_when_stalled, network
from browserconc.evidence import foreign
from browserconc.evidence.foreign import Foreign
from browserconc.evidence.log_file import LogError
from browserconc.evidence.secrets import masked
from browserconc.model.finding import Environment, Result
from browserconc.recording import RecordingError

__all__ = ["Choice", "LogError", "explain", "explain_log"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which requests are of interest: those whose address matches, and that began late enough.

    In `url` a `*` stands for any text; without one it may stand anywhere in the address. `since_s`
    counts from the first event of the log.
    """

    url: str | None = None
    since_s: float = 0.0

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.url is None and not self.since_s


def explain(path: Path, choice: Choice) -> Result:
    """The result for a log or a recording's folder.

    Raises:
        LogError: it cannot be read, is of no known kind, or holds no request that was asked for.
    """
    if path.is_dir():
        return _recording(path, choice)
    return explain_log(foreign.read(path, url=choice.url, since_ns=round(choice.since_s * 1e9)), path, choice)


def explain_log(log: Foreign, path: Path, choice: Choice, *, command: str = "explain") -> Result:
    """The result for a log that was read from `path`, as the given command has it.

    Raises:
        LogError: it holds no request that was asked for.
    """
    if not log.tracks:
        which = "no request" if choice.everything else "no request that matches --url and --since"
        raise LogError(f"{path} holds {which}; open the pages while it is recorded.")
    per_group = log.max_sockets_per_group or connections_when_stalled(log.tracks, log.last_ns)
    net = network(log.tracks, log.last_ns, per_group, masked)
    observed = Observed(
        log.tracks,
        log.last_ns,
        {"max_sockets_per_group": per_group},
        log.errors,
        tuple(log.doubts),
        masked,
    )
    trials = tuple(pages(observed))
    environment = Environment(
        __version__,
        platform.python_version(),
        platform.platform(),
        os.cpu_count() or 1,
        psutil.virtual_memory().total,
        log.browser,
    )
    return Result(command, environment, trials, summarise(trials), str(path), net)


def _recording(folder: Path, choice: Choice) -> Result:
    """Our own recording is judged with all its evidence, the server's ledger too."""
    if not choice.everything:
        raise LogError(
            "A recording is judged as a whole; give --url and --since with one of its NetLog files."
        )
    try:
        run = folder if (folder / recording.RUN_FILE).exists() else folder.parent
        result = pipeline.analyze(run)
    except RecordingError as problem:
        raise LogError(str(problem)) from problem
    trials = result.trials
    if run != folder:
        name = recording.load(folder).manifest.id
        trials = tuple(trial for trial in trials if trial.id == name)
    logs = [foreign.read(path) for path in sorted(run.glob("netlog-*.json"))]
    net = None
    if len(logs) == 1:  # several browsers have a pool each, and use the same numbers for their sockets
        net = network(logs[0].tracks, logs[0].last_ns, logs[0].max_sockets_per_group, masked)
    return replace(result, command="explain", trials=trials, network=net)
