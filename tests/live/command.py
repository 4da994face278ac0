"""The command line as a user runs it: a process of its own whose traces can be found afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from browserconc.lab.warden import VARIABLE

TIMEOUT_S = 60.0
SMALL = ("--tabs", "3", "--delay", "0.2")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind: its exit code and what it said."""

    code: int
    stdout: str
    stderr: str

    def sentence(self) -> str:
        """The last line of stderr; no traceback stands anywhere."""
        assert "Traceback" not in self.stderr + self.stdout, self.stderr
        assert "Exception ignored" not in self.stderr, self.stderr
        assert "never retrieved" not in self.stderr, self.stderr
        lines = self.stderr.splitlines()
        assert lines, "not a word on stderr"
        return lines[-1]


class Command:
    """`python -m browserconc …` in `place`, in a session of its own, with temporary files of its own."""

    def __init__(
        self,
        place: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        ignoring: Sequence[int] = (),
        shell: str = "",
    ) -> None:
        self.temporary = Path(tempfile.mkdtemp(prefix="bc-"))  # short, see Household
        self.process = subprocess.Popen(
            ["bash", "-c", shell] if shell else [sys.executable, "-m", "browserconc", *arguments],
            env={**os.environ, "TMPDIR": str(self.temporary), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=place,
            start_new_session=True,
            preexec_fn=lambda: _dispositions(ignoring),  # noqa: PLW1509 - the tests run no threads
        )

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Whether the condition was seen while the command ran."""
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)
        return True

    def reach(self, condition: Callable[[], bool]) -> None:
        """Waits until the condition holds; the command must not end before."""
        if not self.wait_for(condition):
            raise AssertionError(f"It ended too early: {self.end()}")

    def end(self) -> Ended:
        """Waits for its end; nothing of it may be left two seconds later."""
        try:
            stdout, stderr = self.process.communicate(timeout=TIMEOUT_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.communicate()
        self.assert_nothing_is_left()
        shutil.rmtree(self.temporary)
        return Ended(self.process.returncode, stdout, stderr)

    def assert_nothing_is_left(self) -> None:
        deadline = time.monotonic() + 4
        while left := [*self.temporary.glob("browserconc-*"), *self.household()]:
            assert time.monotonic() < deadline, left
            time.sleep(0.02)

    def household(self) -> list[psutil.Process]:
        """Everything alive that it started: marked by the household, or a part of the browser."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def browser(self) -> psutil.Process | None:
        """The browser's main process."""
        return next((p for p in self.household() if _is_browser(p)), None)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == self.process.pid:
                return False
            marks = process.environ()
            marked = VARIABLE in marks and marks.get("TMPDIR", "").startswith(
                f"{self.temporary}/browserconc-"
            )
            return marked or any(f"{self.temporary}/browserconc-" in word for word in process.cmdline())
        except psutil.Error:
            return False

    def signal(self, number: int, *, group: bool = False) -> None:
        """One signal, to the process alone or, as a terminal does it, to its whole group."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)


def run(place: Path, *arguments: str, environment: dict[str, str] | None = None) -> Ended:
    """Runs a command to its end."""
    return Command(place, *arguments, environment=environment).end()


def small(strategies: str, *more: str) -> Sequence[str]:
    """The arguments of a comparison that takes a second or two."""
    return ["compare", *SMALL, "--strategies", strategies, *more]


def _is_browser(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    has_folder = any(word.startswith("--user-data-dir=") for word in words)
    return has_folder and not any(word.startswith("--type=") for word in words)


def _dispositions(ignored: Sequence[int]) -> None:
    """A test run in the background may have been told to ignore Ctrl-C, which would be inherited."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
