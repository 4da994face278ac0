"""Starts one server in a process of its own, waits until all of it is up, and stops it.

We bind and listen, the server inherits the socket: the port is known and free before anything
starts, a taken one is our error to explain, and every server has the same long accept queue. The
server says on its standard output, one line per worker, when it is up; nobody connects to find
out, which the ledger would show and a single-threaded server would suffer from.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from browserconc.evidence import ledger
from browserconc.lab import environments
from browserconc.lab.certificate import Certificate, make
from browserconc.lab.process import PIPE, Household, Process, ProcessError
from browserconc.lab.server import Server
from browserconc.lab.users_app import AppError

BACKLOG = 16_384
"""Asked for; the kernel cuts it to its own limit (net.core.somaxconn, 4096 on current Linux)."""

LOG = "server.log"
_APP_ERROR = f"{AppError.__name__}: "
LOOPBACK = "127.0.0.1"


class ServerError(Exception):
    """A server that does not start: one sentence. `log` has the last lines of its log, if it has some."""

    def __init__(self, sentence: str, log: str = "") -> None:
        super().__init__(sentence)
        self.log = log

    @property
    def in_full(self) -> str:
        """The sentence, and below it the end of the server's log."""
        return f"{self}\nIts log ends:\n{self.log}" if self.log else str(self)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is up. `origin` is what URLs start with; `log` has its standard error."""

    server: Server
    port: int
    pid: int
    ledger: Path
    log: Path
    certificate: Certificate | None
    _household: Household
    _process: Process
    address: str = LOOPBACK

    @property
    def origin(self) -> str:
        """Scheme, address and port, without a slash at the end."""
        return f"{self.server.kind.scheme}://{self.address}:{self.port}"

    @property
    def ca_file(self) -> Path | None:
        """The authority that signed its certificate; None without TLS."""
        return self.certificate.ca_file if self.certificate else None

    def is_alive(self) -> bool:
        """Whether its main process runs."""
        return self._process.poll() is None

    def log_tail(self, lines: int = 8) -> str:
        """The last lines of its log; empty if it said nothing."""
        return tail(self.log, lines)

    async def stop(self) -> None:
        """Ends it and its workers; may be called again. It saves nothing: requests in flight are cut off."""
        await asyncio.to_thread(self._household.stop, self._process, 0.05)


async def start(
    household: Household,
    server: Server,
    folder: Path,
    timeout_s: float = 10.0,
    *,
    port: int = 0,
    backlog: int = BACKLOG,
    certificate: Certificate | None = None,
    address: str = LOOPBACK,
) -> Running:
    """Starts `server`; its ledger and log are kept in `folder`.

    Args:
        household: ends it at the latest when we end.
        server: what to start, see `parse`.
        folder: exists; one folder per server.
        timeout_s: for all of its workers to be up.
        port: 0 takes a free one.
        backlog: how many connections may wait to be accepted.
        certificate: for a server with TLS; without one it gets its own.
        address: of this machine; others than the loopback interface's let other machines in.

    Raises:
        ServerError: a part of it is not installed, the port is taken, it died or was too slow.
    """
    _require(server)
    python = await _python(server)
    account, log = folder / ledger.FILE, folder / LOG
    own = (certificate or make(household.folder("certificate"))) if server.kind.scheme == "https" else None
    with _listening(port, backlog, address) as listener:
        files = (str(own.chain_file), str(own.key_file)) if own else None
        argv = server.argv(str(account), listener.fileno(), python, backlog=backlog, certificate=files)
        try:
            process = household.spawn(argv, log=log, stdout=PIPE, pass_fds=(listener.fileno(),))
        except (ProcessError, OSError) as problem:
            raise ServerError(f"{server.spec} did not start: {problem}") from problem
        running = Running(
            server, listener.getsockname()[1], process.pid, account, log, own, household, process, address
        )
    try:
        await _ready(running, process, timeout_s)
    except BaseException:  # also when we are cancelled: nobody else knows of the process
        household.stop(process, timeout_s=0.1)
        raise
    return running


async def _python(server: Server) -> str:
    if not server.kind.requirements:
        return sys.executable
    try:
        return await asyncio.to_thread(environments.provide, server.kind.name, server.kind.requirements)
    except environments.EnvironmentMissingError as problem:
        raise ServerError(str(problem)) from problem


def _require(server: Server) -> None:
    kind = server.kind
    missing = [package for package in kind.packages if find_spec(package) is None]
    if missing:
        what = f"the package{'s' * (len(missing) > 1)} {' and '.join(missing)}"
        raise ServerError(f"{server.spec} needs {what}: pip install 'browserconc[servers]'.")
    if kind.forks and not hasattr(os, "fork"):
        raise ServerError(f"{server.spec} needs os.fork, which is missing here: use werkzeug-threaded.")


def _listening(port: int, backlog: int, address: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(backlog)
        listener.set_inheritable(os.name == "nt")  # elsewhere pass_fds sees to it, without a race
    except (OSError, OverflowError) as problem:
        listener.close()
        taken = getattr(problem, "errno", None) == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be used ({problem})"
        raise ServerError(f"Port {port} {why}: choose another one, or 0 for any free one.") from problem
    return listener


async def _ready(running: Running, process: Process, timeout_s: float) -> None:
    """Waits for one line per worker; the end of the pipe means that the server died."""
    up = 0
    deadline = time.monotonic() + timeout_s
    assert process.stdout is not None
    while up < running.server.workers:
        line = asyncio.create_task(asyncio.to_thread(process.stdout.readline))
        done, _ = await asyncio.wait({line}, timeout=max(0.0, deadline - time.monotonic()))
        if not done:
            # Ends the pipe, and with it the thread that reads it.
            await asyncio.to_thread(running._household.stop, process, 0.1)
            raise ServerError(
                f"{running.server.spec} was not up within {timeout_s:g} s ({up} of {running.server.workers} "
                f"workers were){_quoted(running)}"
            )
        if not line.result():
            await asyncio.to_thread(running._household.stop, process, 0.5)
            raise ServerError(
                f"{running.server.spec} died while it started (exit code {process.returncode})"
                f"{_quoted(running)}",
                running.log_tail(),
            )
        up += 1


def _quoted(running: Running) -> str:
    """Its last words; what it said of the user's application comes before what the server said of itself."""
    lines = running.log_tail().splitlines()
    ours = [line.split(_APP_ERROR, 1)[1] for line in lines if _APP_ERROR in line]
    last = (ours or lines or [""])[-1]
    return f": {last}" if last else "; its log is empty."


def tail(path: Path, lines: int) -> str:
    """The last lines of a log; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
