"""The server behind a port of this machine: which processes it is, and what they do at one instant.

Nothing is asked of the server: the kernel's tables are read, as few times as will do. A thread that waits
in epoll while the server rests is the thread of an event loop (or the acceptor of a pool); its wait
channel (`/proc/PID/task/TID/wchan`) says whether it waits there now. What cannot be seen is None.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from browserconc.evidence import socket_table
from browserconc.lab.process_tree import tree_cpu_ns
from browserconc.model.outside import LocalServer, Look

PROC = Path("/proc")
RESTING_LOOKS = 3
RESTING_PERIOD_S = 0.02
Thread = tuple[int, int]


class Listener:
    """The processes that hold the socket that listens on `port`."""

    def __init__(self, port: int, pids: Iterable[int]) -> None:
        self._port = port
        self._pids = sorted(pids)
        self._loops: set[Thread] = set()

    @classmethod
    def find(cls, port: int) -> Listener | None:
        """The listener of a local port; None if it is hidden from us (another user's, a container's)."""
        pids = _holders(port) if sys.platform == "linux" else _listening(port)
        return cls(port, pids) if pids else None

    def at_rest(self) -> LocalServer:
        """What it is while no request of ours is in flight; takes some hundredths of a second."""
        for count in range(RESTING_LOOKS):
            if count:
                time.sleep(RESTING_PERIOD_S)
            self._loops |= {thread for thread in self._threads() if _is_in_epoll(thread)}
        seen = sys.platform == "linux" and any(_wait_channel(thread) for thread in self._threads())
        return LocalServer(
            processes=len(self._pids),
            threads=sum(_number_of_threads(pid) for pid in self._pids),
            loops=len(self._loops) if seen else None,
        )

    def look(self) -> Look:
        """The server now; about a millisecond."""
        now = time.monotonic_ns()
        if sys.platform != "linux":
            return Look(now, None, None, None)
        sockets = socket_table.read()
        return Look(
            now,
            socket_table.accept_queue(sockets, self._port),
            socket_table.unread(sockets, self._port),
            sum(map(_is_in_epoll, self._loops)) if self._loops else None,
        )

    def cpu_ns(self) -> int:
        """CPU time of its process tree so far."""
        return sum(map(tree_cpu_ns, self._roots()))

    def _roots(self) -> list[int]:
        """Its processes that none of the others started."""
        return [pid for pid in self._pids if _parent(pid) not in self._pids]

    def _threads(self) -> list[Thread]:
        found: list[Thread] = []
        for pid in self._pids:
            try:
                found += [(pid, int(task.name)) for task in (PROC / str(pid) / "task").iterdir()]
            except (OSError, ValueError):
                continue
        return found


def _holders(port: int) -> set[int]:
    """The processes that have the listening socket open: a prefork server's parent and all its workers."""
    wanted = {f"socket:[{each.inode}]" for each in socket_table.listening(socket_table.read(), port)}
    found: set[int] = set()
    if not wanted:
        return found
    for pid in psutil.pids():
        try:
            if any(_link(file) in wanted for file in (PROC / str(pid) / "fd").iterdir()):
                found.add(pid)
        except OSError:  # ended, or another user's
            continue
    return found


def _link(path: Path) -> str:
    try:
        return os.fspath(path.readlink())
    except OSError:
        return ""


def _listening(port: int) -> set[int]:
    """The same on other systems, as far as they tell an ordinary user."""
    found: set[int] = set()
    for process in psutil.process_iter():
        try:
            connections = process.net_connections(kind="tcp")
        except (psutil.Error, OSError):
            continue
        if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections):
            found.add(process.pid)
    return found


def _is_in_epoll(thread: Thread) -> bool:
    """do_epoll_wait in current kernels, ep_poll in older ones (fs/eventpoll.c)."""
    channel = _wait_channel(thread)
    return "epoll" in channel or channel.startswith("ep_poll")


def _wait_channel(thread: Thread) -> str:
    try:
        return (PROC / str(thread[0]) / "task" / str(thread[1]) / "wchan").read_text().strip("0 \n")
    except OSError:
        return ""


def _number_of_threads(pid: int) -> int:
    try:
        return int(psutil.Process(pid).num_threads())
    except psutil.Error:
        return 0


def _parent(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).ppid())
    except psutil.Error:
        return None
