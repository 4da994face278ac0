"""What the kernel knows of the server's accept queue: sampled while a trial runs, Linux only.

Reading `/proc/net/tcp` costs well below a millisecond with some hundred sockets. It is read before
and after a trial and with each progress tick in between, never in a loop of its own. `ListenOverflows`
counts connections of the whole machine that found a queue full
(Documentation/networking/snmp_counter.rst).
"""

from __future__ import annotations

from pathlib import Path

from browserconc.evidence import socket_table

TABLE = Path("/proc/net/tcp")
COUNTERS = Path("/proc/net/netstat")


class AcceptQueue:
    """The accept queue of the socket that listens on one local port.

    Where the system has no such table there are no samples, and nothing is known.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._longest: int | None = None
        self._overflows = listen_overflows()

    def sample(self) -> None:
        """Looks once."""
        try:
            text = TABLE.read_text()
        except OSError:
            return
        length = waiting(text, self._port)
        if length is not None:
            self._longest = max(length, self._longest or 0)

    def facts(self) -> dict[str, int]:
        """What was seen: `accept_queue_peak` connections, `listen_overflows` since the start."""
        found = {}
        if self._longest is not None:
            found["accept_queue_peak"] = self._longest
        now = listen_overflows()
        if now is not None and self._overflows is not None:
            found["listen_overflows"] = now - self._overflows
        return found


def waiting(table: str, port: int) -> int | None:
    """How many connections wait to be accepted, from the text of /proc/net/tcp; None: nobody listens.

    Several sockets may listen on one port (SO_REUSEPORT); then it is the longest queue.
    """
    return socket_table.accept_queue(list(socket_table.rows(table)), port)


def overflows(counters: str) -> int | None:
    """The counter ListenOverflows, from the text of /proc/net/netstat; None where it has none."""
    lines = counters.splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        found = dict(zip(names.split(), values.split(), strict=False))
        if "ListenOverflows" in found:
            return int(found["ListenOverflows"])
    return None


def listen_overflows() -> int | None:
    """Connections of this machine that found an accept queue full, since it started; None: unknown."""
    try:
        return overflows(COUNTERS.read_text())
    except OSError:
        return None
