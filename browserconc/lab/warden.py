"""A tiny process that outlives us by a second, to end what we started and remove our files.

`lab/process.py` starts this file as a script (`python -I -S warden.py ROOT TOKEN`), so it uses
the standard library only and imports nothing of this package. It holds the reading end of a
pipe to us. When the pipe closes because we closed it, exited, crashed or were killed with
SIGKILL, it ends every process group that was registered and, where /proc exists, every process
whose environment carries the token, together with all descendants. A browser's sandboxed
children have no readable environment, and a driver's stray child may sit in another session:
hence both ways. Elsewhere than on Linux it knows the registered groups only.

The pipe carries lines: `+PGID` registers a process group, `-PGID` forgets it.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import time

VARIABLE = "BROWSERCONC_HOUSEHOLD"
"""The environment variable that carries the token."""

_ROUNDS = 100
_PAUSE_S = 0.02


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs a third of our start-up
            return file.read()
    except OSError:  # gone since it was listed, or not ours
        return b""


def _census() -> dict[int, tuple[int, int]]:
    """Maps the id of every living process to its parent and group; empty where /proc is missing."""
    if not os.path.isdir("/proc/self"):  # noqa: PTH112
        return {}
    living = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            # The command's name stands in brackets and may hold anything: split after the last.
            fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
            if len(fields) > 2 and fields[0] not in (b"Z", b"X"):
                living[int(name)] = int(fields[1]), int(fields[2])
    return living


def members(token: str, groups: set[int], spared: frozenset[int]) -> set[int]:
    """Ids of the living processes in `groups`, of those with the token, and of all descendants."""
    mark = f"{VARIABLE}={token}".encode()
    living = _census()
    found = {
        pid
        for pid, (_, group) in living.items()
        if group in groups or mark in _read(f"/proc/{pid}/environ").split(b"\0")
    } - spared
    grown = True
    while grown:
        children = {pid for pid, (parent, _) in living.items() if parent in found} - found - spared
        found |= children
        grown = bool(children)
    return found


def _kill_group(group: int) -> None:
    with contextlib.suppress(OSError):
        if sys.platform != "win32":
            os.killpg(group, signal.SIGKILL)
        else:  # Windows has no groups to kill
            _kill(group)


def _kill(pid: int) -> None:
    with contextlib.suppress(OSError):
        if sys.platform != "win32":
            os.kill(pid, signal.SIGKILL)
        else:  # where SIGTERM ends a process at once
            os.kill(pid, signal.SIGTERM)


def clean(root: str, token: str, groups: set[int], spared: frozenset[int]) -> None:
    """Ends everything that belongs to the household, then removes its directory.

    A process may be forking while we look, so it looks again until nothing is left, for at most
    two seconds or so. A killed process loses its environment before it closes its sockets:
    hence whatever was seen once must be gone, not only unrecognisable.
    """
    doomed: set[int] = set()
    for _ in range(_ROUNDS):
        for group in groups:
            _kill_group(group)
        doomed |= members(token, groups, spared)
        for pid in doomed:
            _kill(pid)
        doomed &= _census().keys()
        if not doomed:
            break
        time.sleep(_PAUSE_S)
    for _ in range(_ROUNDS):  # a dying process may still write into it
        shutil.rmtree(root, ignore_errors=True)
        if not os.path.lexists(root):
            break
        time.sleep(_PAUSE_S)


def _watch(pipe: int, parent: int) -> set[int]:
    """Waits for the household's end; returns the groups registered by then.

    Where the kernel offers it, the parent's own end is watched too: a process that it forked
    could keep the pipe open.
    """
    groups: set[int] = set()
    watched = [pipe]
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            watched.append(os.pidfd_open(parent))
    # Asked after the descriptor was opened: it may have ended before we looked at it.
    orphaned = os.name == "posix" and os.getppid() != parent
    rest = b""
    while True:
        # Otherwise without a time-out on purpose: only our parent's end is to end this wait.
        timeout = 0 if orphaned else None
        ready = select.select(watched, [], [], timeout)[0] if os.name == "posix" else [pipe]
        chunk = os.read(pipe, 65536) if pipe in ready else b""
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
        if not chunk:
            return groups


def _main() -> None:
    root, token, parent = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):  # we end when our parent does, not before
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    groups = _watch(sys.stdin.fileno(), parent)
    clean(root, token, groups, frozenset((os.getpid(), parent)))


if __name__ == "__main__":
    _main()
