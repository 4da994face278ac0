"""What the raw-socket client asks of one TCP socket, and what it may say.

The portable part is plain; what only one system knows is asked for where it exists.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
from typing import Any

Address = tuple[socket.AddressFamily, Any]
"""A family and what `connect` takes for it, as `getaddrinfo` gives them."""

IN_PROGRESS = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, errno.ENOTCONN}
"""What connect says, and what an early send says, while the handshake is under way."""

PHRASES = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset by the server",
    errno.ECONNABORTED: "connection reset by the server",
    errno.EPIPE: "connection reset by the server",
    errno.ETIMEDOUT: "connection timed out",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "network unreachable",
    errno.EADDRNOTAVAIL: "no free local port",
    errno.EMFILE: "no free file descriptor",
}

TOTAL_RETRANS = slice(100, 104)
"""tcpi_total_retrans in struct tcp_info, from Linux' uapi/linux/tcp.h; SYNs count too."""


def non_blocking(address: Address) -> socket.socket:
    """A new socket that can connect to `address`.

    Raises:
        OSError: the process or the system has no file left for it.
    """
    made = socket.socket(address[0], socket.SOCK_STREAM)
    made.setblocking(False)
    return made


def is_connected(connection: socket.socket) -> bool:
    """Whether the handshake is over."""
    try:
        connection.getpeername()
    except OSError:
        return False
    return True


def local_port(connection: socket.socket) -> int | None:
    """The port on our side; None before it has one."""
    try:
        port = connection.getsockname()[1]
    except OSError:
        return None
    return int(port) or None


def retransmits(connection: socket.socket) -> int | None:
    """Segments sent again over this connection; None where the system does not say."""
    if sys.platform != "linux":
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TOTAL_RETRANS.stop)
    except OSError:
        return None
    if len(info) < TOTAL_RETRANS.stop:
        return None
    return int(struct.unpack("=I", info[TOTAL_RETRANS])[0])


def phrase(problem: int | None) -> str:
    """The operating system's error number in a few words."""
    if problem is None:
        return "the connection failed"
    return PHRASES.get(problem) or os.strerror(problem).lower()
