"""The limit on open files (RLIMIT_NOFILE): each socket is one, and 1,024 is a usual default."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource

RESERVE = 32
"""Files a Python process needs besides its sockets: standard streams, the selector, the log, modules."""

WINDOWS_SELECT = 512
"""FD_SETSIZE that CPython is built with on Windows (Modules/selectmodule.c)."""


class TooFewFilesError(Exception):
    """The limit that stops a run; the message is one sentence with the way out."""


def raise_limit(sockets: int) -> None:
    """Makes room for that many sockets in this process.

    Raises the soft limit as far as needed, and the hard limit too where the process may (root).
    Windows has no such limit, but one on what select() watches.

    Raises:
        TooFewFilesError: the limit cannot be raised far enough.
    """
    if sys.platform == "win32":
        if sockets + RESERVE > WINDOWS_SELECT:
            raise TooFewFilesError(
                f"{sockets} clients are more than select() can watch on Windows: "
                f"ask for at most {WINDOWS_SELECT - RESERVE}."
            )
    else:
        _raise_rlimit(sockets, sockets + RESERVE)


if sys.platform != "win32":

    def _raise_rlimit(sockets: int, needed: int) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft >= needed:
            return
        unlimited = hard == resource.RLIM_INFINITY
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard if unlimited else max(hard, needed)))
        except (ValueError, OSError):
            most = "below that" if unlimited else f"{hard} (RLIMIT_NOFILE)"
            fewer = "fewer" if unlimited else f"at most {max(hard - RESERVE, 0)}"
            raise TooFewFilesError(
                f"{sockets} clients need {needed} open files, but the hard limit is {most}: "
                f"raise it with `ulimit -Hn {needed}` as root, or ask for {fewer}."
            ) from None
