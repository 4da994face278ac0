"""The connections to one local port as Linux's kernel has them: how many are open, how many nobody took."""

from __future__ import annotations

from dataclasses import dataclass

from browserconc.evidence.kernel import TABLE, waiting

_ESTABLISHED = "01"  # include/net/tcp_states.h


@dataclass(frozen=True, slots=True)
class Connections:
    """`open` counts established ones; `waiting` those of them that the server has not accepted yet."""

    open: int
    waiting: int


def look(port: int) -> Connections | None:
    """What is true now; None where the system has no such table, or nobody listens on the port."""
    try:
        return read(TABLE.read_text(), port)
    except OSError:
        return None


def read(table: str, port: int) -> Connections | None:
    """The same from the text of /proc/net/tcp."""
    queued = waiting(table, port)
    if queued is None:
        return None
    rows = (line.split() for line in table.splitlines()[1:])
    local = f":{port:04X}"
    return Connections(
        sum(1 for words in rows if len(words) > 4 and words[3] == _ESTABLISHED and words[1].endswith(local)),
        queued,
    )
