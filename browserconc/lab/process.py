"""The only door to subprocess (a stand-in: the household of processes lands here)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TimeoutExpired = subprocess.TimeoutExpired


def run(
    argv: Sequence[str | Path], timeout_s: float, *, show: bool = False
) -> subprocess.CompletedProcess[str]:
    """Runs a short command to its end; with `show` its output goes to stderr as it comes.

    Raises:
        OSError: it cannot be started.
        TimeoutExpired: it took longer; it and its process group are gone.
    """
    with subprocess.Popen(
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno() if show else subprocess.PIPE,
        stderr=None if show else subprocess.PIPE,
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
