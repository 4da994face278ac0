"""The kernel's table of TCP sockets, `/proc/net/tcp` and `tcp6`: read, and turned into rows. Linux only.

Columns as in Linux' tcp_ipv4.c, get_tcp4_sock: of a listening socket rx_queue counts the connections
that wait to be accepted, of an established one the bytes that its owner has not read. A connection that
nobody accepted yet is in the table, too, with inode 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ESTABLISHED, LISTEN = 1, 10
_FIELDS, _INODE = 5, 9


@dataclass(frozen=True, slots=True)
class Socket:
    """One row; `address` as the kernel writes it, in hexadecimal."""

    address: str
    port: int
    peer_port: int
    state: int
    rx_queue: int
    inode: int


def read() -> list[Socket]:
    """All TCP sockets of this machine (of this network namespace); none where there is no such table."""
    found: list[Socket] = []
    for table in TABLES:
        try:
            found += rows(table.read_text())
        except OSError:
            continue
    return found


def rows(text: str) -> Iterator[Socket]:
    """The rows of one table; a line of another form is passed over."""
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < _FIELDS:
            continue
        address, _, port = words[1].rpartition(":")
        try:
            yield Socket(
                address,
                int(port, 16),
                int(words[2].rpartition(":")[2], 16),
                int(words[3], 16),
                int(words[4].partition(":")[2], 16),
                int(words[_INODE]) if len(words) > _INODE else 0,
            )
        except ValueError:
            continue


def listening(sockets: Sequence[Socket], port: int) -> list[Socket]:
    """Those that listen on `port`, on whatever address."""
    return [each for each in sockets if each.state == LISTEN and each.port == port]


def accept_queue(sockets: Sequence[Socket], port: int) -> int | None:
    """How many connections wait to be accepted: the longest queue of the port; None: nobody listens."""
    return max((each.rx_queue for each in listening(sockets, port)), default=None)


def unread(sockets: Sequence[Socket], port: int) -> int:
    """How many of the server's connections hold bytes that it has not read."""
    return sum(each.port == port and each.state == ESTABLISHED and each.rx_queue > 0 for each in sockets)
