"""A gevent server that does nothing but wait: `python benchmarks/minimal_server.py SECONDS`.

Says its port on stdout, then answers each request after that pause until stdin ends. It knows just
enough HTTP for our own client, whose small request comes in one piece: what remains is the client.
"""

from __future__ import annotations

import gc
import sys

import gevent
from gevent.server import StreamServer
from gevent.socket import socket

from browserconc.lab.open_files import raise_limit

MOST_CLIENTS = 10_000
BACKLOG = 16_384
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


def main(pause_s: float) -> None:
    """Serves until stdin ends."""

    def answer(client: socket, address: tuple[str, int]) -> None:
        while client.recv(4096):
            gevent.sleep(pause_s)
            client.sendall(ANSWER)

    raise_limit(MOST_CLIENTS)
    gc.disable()
    server = StreamServer(("127.0.0.1", 0), answer, backlog=BACKLOG)
    server.max_accept = 1000
    server.start()
    print(server.server_port, flush=True)
    gevent.get_hub().threadpool.apply(sys.stdin.read)
    server.stop(timeout=0)


if __name__ == "__main__":
    main(float(sys.argv[1]))
