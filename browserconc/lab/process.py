"""The only door to processes: whatever is started here is gone when we are, however we end.

A `Household` is one temporary directory, one random token in the environment of everything that
is started for it, and one warden (`lab/warden.py`) that clears up if we cannot. `run` is the
door for short commands. Nothing else in the package imports `subprocess`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeAlias

from browserconc.lab import warden

Process: TypeAlias = subprocess.Popen[bytes]
PIPE = subprocess.PIPE
DEVNULL = subprocess.DEVNULL

_LONGEST_ROOT = 60
"""Bytes. Chromium puts `/.org.chromium.Chromium.XXXXXX/SingletonSocket` behind it and crashes where that
does not fit into the 108 bytes of a socket's address (sockaddr_un), as below a long TMPDIR."""
_CLEARING_S = 6.0
"""How long the warden may take to clear up; it gives up by itself after four seconds."""


class ProcessError(Exception):
    """A command that could not be started, failed to end or failed: one sentence."""


class Household:
    """Everything one command starts and writes temporarily; a context manager.

    Attributes:
        root: the temporary directory, removed at the end.
        environment: what marks a process as ours, to be merged into the environment of anything
            that is started by other means (Playwright's driver and browsers).

    Raises:
        ProcessError: no temporary directory can be made.
    """

    def __init__(self) -> None:
        try:
            self.root = _new_root()
        except OSError as problem:
            raise ProcessError(
                f"No temporary directory could be made in {tempfile.gettempdir()} ({problem.strerror}): "
                "free some space there or set TMPDIR."
            ) from problem
        self._token = secrets.token_hex(16)
        self._running: dict[int, Process] = {}
        self._closed = False
        self.environment = {warden.VARIABLE: self._token, "TMPDIR": str(self.root)}
        self._warden = subprocess.Popen(
            [sys.executable, "-I", "-S", warden.__file__, str(self.root), self._token, str(os.getpid())],
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
            cwd=Path(self.root.anchor),
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def folder(self, name: str) -> Path:
        """A new, empty directory under `root` whose name starts with `name`."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.root))

    def spawn(
        self,
        argv: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        stdin: int | IO[bytes] = DEVNULL,
        stdout: int | IO[bytes] | None = None,
        pass_fds: Iterable[int] = (),
    ) -> Process:
        """Starts a process in a session of its own; it ends with us at the latest.

        Args:
            argv: the program and its arguments.
            log: its standard error is appended here, and its standard output unless `stdout` says
                otherwise.
            environment: replaces ours; the household's marks are added in any case.
            stdin: as in `subprocess.Popen`.
            stdout: as in `subprocess.Popen`.
            pass_fds: descriptors (on Windows: inheritable handles) that it keeps under their numbers.

        Raises:
            ProcessError: the program cannot be started.
        """
        if self._closed:
            raise ProcessError(f"{Path(argv[0]).name} cannot be started any more: we are closing.")
        windows = os.name == "nt"  # has no pass_fds; inheritable handles pass with close_fds off
        with log.open("ab") as sink:
            try:
                process = subprocess.Popen(
                    argv,
                    stdin=stdin,
                    stdout=sink if stdout is None else stdout,
                    stderr=sink,
                    env={**(os.environ if environment is None else environment), **self.environment},
                    start_new_session=True,
                    close_fds=not windows,
                    pass_fds=() if windows else tuple(pass_fds),
                )
            except OSError as problem:
                raise ProcessError(f"{argv[0]} cannot be started ({problem.strerror}).") from problem
        self._running[process.pid] = process
        self._tell(f"+{process.pid}")
        return process

    def stop(self, process: Process, timeout_s: float = 2.0) -> None:
        """Ends a process and its group: SIGTERM, after `timeout_s` SIGKILL; closes its pipes, reaps it.

        May be called again, and from a thread, for it can block a little longer than `timeout_s`.
        """
        if process.poll() is None:
            _signal(process, "SIGTERM")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout_s)
        _signal(process, "SIGKILL")  # also for what it left behind in its group
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # unwritten bytes for a process that is gone
                    pipe.close()
        if self._running.pop(process.pid, None) is not None:
            self._tell(f"-{process.pid}")

    def close(self) -> None:
        """Ends what still runs and removes `root`; may be called again."""
        if self._closed:
            return
        self._closed = True
        running = list(self._running.values())
        for process in running:
            _signal(process, "SIGTERM")
        for process in running:
            self.stop(process, timeout_s=1.0)
        assert self._warden.stdin is not None
        with contextlib.suppress(OSError):
            self._warden.stdin.close()  # the warden takes it from here
        try:
            self._warden.wait(_CLEARING_S)
        except subprocess.TimeoutExpired:
            self._warden.kill()
            self._warden.wait()
        if self.root.exists():  # somebody ended the warden
            warden.clean(str(self.root), self._token, set(), frozenset((os.getpid(),)))

    def _tell(self, line: str) -> None:
        assert self._warden.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # the warden is gone: close() sees to it
            self._warden.stdin.write(line.encode() + b"\n")
            self._warden.stdin.flush()


def _new_root() -> Path:
    root = tempfile.mkdtemp(prefix="browserconc-")
    if os.name == "posix" and len(os.fsencode(root)) > _LONGEST_ROOT:
        with contextlib.suppress(OSError):  # then the long one has to do
            short = tempfile.mkdtemp(prefix="browserconc-", dir="/tmp")
            Path(root).rmdir()
            root = short
    return Path(root)


def run(
    argv: Sequence[str],
    timeout_s: float,
    *,
    environment: Mapping[str, str] | None = None,
    shown: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Runs a short command to its end; a non-zero exit code is the caller's to judge.

    Args:
        argv: the program and its arguments.
        timeout_s: after this, it and its process group are killed.
        environment: replaces ours.
        shown: its output goes to our standard error instead of the result (an installation).

    Raises:
        ProcessError: it cannot be started, or took longer than `timeout_s`.
    """
    output = 2 if shown else PIPE
    try:
        process = subprocess.Popen(
            argv,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as problem:
        raise ProcessError(f"{argv[0]} cannot be started ({problem.strerror}).") from problem
    with process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise ProcessError(f"{argv[0]} did not end within {timeout_s:g} s.") from None
        finally:  # also on Ctrl-C
            _signal(process, "SIGKILL")
    return subprocess.CompletedProcess(list(argv), process.returncode, out or "", err or "")


def _signal(process: Process | subprocess.Popen[str], name: str) -> None:
    """Sends a signal to the process's whole group; without groups (Windows) ends the process."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, getattr(signal, name))
    elif process.poll() is None:
        process.kill()
