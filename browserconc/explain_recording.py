"""Why the requests of our own recording waited: judged with all its evidence, the server's ledger too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from browserconc import pipeline, recording
from browserconc.analysis.sockets import network
from browserconc.evidence import foreign
from browserconc.evidence.log_file import LogError
from browserconc.evidence.secrets import masked
from browserconc.explanation import Choice, pool_limits
from browserconc.model.finding import Result
from browserconc.recording import RecordingError


def explain(folder: Path, choice: Choice) -> Result:
    """The result for a run, or for one trial of it, with what its NetLog says of the sockets.

    Raises:
        LogError: no recording, one that cannot be read, or a choice, which only a log allows.
    """
    if not choice.everything:
        raise LogError(
            "A recording is judged as a whole; give --url and --since with one of its NetLog files."
        )
    try:
        run = folder.parent if _is_trial(folder) else folder
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
        net = network(logs[0].tracks, logs[0].last_ns, pool_limits(logs[0]), masked)
    return replace(result, command="explain", trials=trials, network=net)


def _is_trial(folder: Path) -> bool:
    """Is it one trial of the run in the folder above?"""
    return not (folder / recording.RUN_FILE).exists() and (folder.parent / recording.RUN_FILE).exists()
