"""A saved recording, of whichever command, judged again."""

from __future__ import annotations

from pathlib import Path

from browserconc import diagnose_recording, pipeline, recording
from browserconc.model.finding import Result


def analyze(folder: Path) -> Result:
    """What a recording says; nothing but the folder is needed.

    Raises:
        RecordingError: the folder is no run.
    """
    run, _ = recording.load_run(folder)
    return diagnose_recording.analyze(folder) if run.command == "diagnose" else pipeline.analyze(folder)
