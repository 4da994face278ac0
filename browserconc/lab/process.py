"""The only door to subprocess (a stand-in: the household of processes lands here)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


class ProcessError(Exception):
    """A program cannot be started or does not end in time; one sentence."""


def run(
    argv: Sequence[str | Path], timeout_s: float, *, shown: bool = False
) -> subprocess.CompletedProcess[str]:
    """Runs a short command to its end; with `shown` its output goes to stderr as it comes.

    Raises:
        ProcessError: it cannot be started, or took longer; it and its process group are gone.
    """
    try:
        return _run(argv, timeout_s, shown)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise ProcessError(f"{argv[0]} failed ({problem}).") from problem


def _run(argv: Sequence[str | Path], timeout_s: float, shown: bool) -> subprocess.CompletedProcess[str]:
    with subprocess.Popen(
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno() if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except BaseException:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out or "", err or "")
