"""Runs `browserconc diagnose` on a case as a user would, and compares its answer with the label."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.corpus.case import Case, Outcome, described, outcome
from tests.corpus.stage import staged

AT_MOST_S = 180.0
"""After this a diagnosis counts as failed; the command itself promises 60 s for an endpoint of a second."""


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """One case and what was said about it; `why` is the summary, or what went wrong."""

    case: Case
    outcome: Outcome
    found: str
    seconds: float
    why: str
    result: Mapping[str, Any] | None = None


def diagnosed(case: Case, keep: Path | None = None) -> Diagnosed:
    """Stages the case and diagnoses it; in `keep` a new directory gets the recording and the result."""
    with staged(case) as url, tempfile.TemporaryDirectory() as folder:
        place = Path(tempfile.mkdtemp(prefix=f"{case.id}-", dir=keep) if keep else folder)
        command = [sys.executable, "-m", "browserconc", "diagnose", url, *case.options]
        command += ["--json", "-", "--quiet", "--out", str(place / "recording")]
        started = time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=AT_MOST_S, check=False)
        except subprocess.TimeoutExpired:
            return Diagnosed(case, "wrong", "no answer", AT_MOST_S, f"No answer within {AT_MOST_S:g} s.")
        seconds = time.monotonic() - started
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["nothing on stderr"]
        return Diagnosed(case, "wrong", f"exit {done.returncode}", seconds, why[0])
    result = json.loads(done.stdout)
    if keep:
        (place / "result.json").write_text(done.stdout, encoding="utf-8")
    conclusion = result["conclusion"]
    judged = outcome(case, result)
    found = described(conclusion["culprit"], conclusion["cause"], conclusion["limit"])
    return Diagnosed(
        case, judged, judged if judged == "undecided" else found, seconds, conclusion["summary"], result
    )
