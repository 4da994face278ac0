"""Another server, started by the user's own command: nothing is known of it but that it serves HTTP.

It says nothing when it is up, so readiness is found out by connecting; the connection is closed at
once. It writes no ledger of ours, unless its application has our middleware: that is told where.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import time
from contextlib import suppress
from pathlib import Path

from browserconc.evidence import ledger
from browserconc.lab.process import Household, Process, ProcessError
from browserconc.lab.running import LOG, LOOPBACK, Running, ServerError
from browserconc.lab.server import Kind, Server

PORT = "{port}"
KIND = Kind("command", "unknown", "", (), bounded=False, interface=None)
READY_S = 30.0
_RETRY_S = 0.02
"""Between two connects that were refused."""
_CONNECT_S = 1.0


def parse(text: str) -> Server:
    """The server that a command such as "gunicorn shop:app -b 127.0.0.1:{port}" starts.

    Raises:
        ValueError: it is no command, or has no place for the port; one sentence.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as problem:
        raise ValueError(f"The server's command {text!r} cannot be split into words ({problem}).") from None
    if not words:
        raise ValueError("The server's command is empty.")
    if not any(PORT in word for word in words[1:]):
        raise ValueError(f"The server's command must say {PORT} where its port stands, unlike {text!r}.")
    return Server(KIND, command=words)


async def start(
    household: Household, server: Server, folder: Path, timeout_s: float = READY_S, *, port: int = 0
) -> Running:
    """Starts the command and waits until something accepts connections on the port.

    Args:
        household: ends it at the latest when we end.
        server: what `parse` gave.
        folder: exists; gets its log.
        timeout_s: for the first connection.
        port: on the loopback interface; 0 takes one that is free.

    Raises:
        ServerError: it cannot be started, ended, or nobody listened in time.
    """
    port = port or _free_port()
    log = folder / LOG
    account = folder / ledger.FILE
    told = {"PYTHONUNBUFFERED": "1", ledger.VARIABLE: str(account)}
    words = [word.replace(PORT, str(port)) for word in server.command]
    try:
        process = household.spawn(words, log=log, environment={**os.environ, **told})
    except (ProcessError, OSError) as problem:
        raise ServerError(f"{server.spec} did not start: {problem}") from problem
    running = Running(server, port, process.pid, account, log, None, household, process)
    try:
        await _listening(running, process, timeout_s)
    except BaseException:  # also when we are cancelled: nobody else knows of the process
        await asyncio.shield(asyncio.to_thread(household.stop, process, 0.5))
        raise
    return running


async def _listening(running: Running, process: Process, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                _, writer = await asyncio.open_connection(LOOPBACK, running.port)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return
        if process.poll() is not None:
            raise ServerError(
                f"{running.server.spec} ended (exit code {process.returncode}) before anybody listened on "
                f"{LOOPBACK}:{running.port}: its command must serve there and stay in the foreground.",
                running.log_tail(),
            )
        await asyncio.sleep(_RETRY_S)
    raise ServerError(
        f"{running.server.spec} did not listen on {LOOPBACK}:{running.port} within {timeout_s:g} s: "
        f"{PORT} in its command stands for that port.",
        running.log_tail(),
    )


def _free_port() -> int:
    """A port that nobody has now; another program could take it before the command does."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        return int(taken.getsockname()[1])
