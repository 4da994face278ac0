"""waitress: one process, one thread that reads and writes for all, N threads that run the application.

The thread that reads takes every connection at once, so a silent one occupies nobody; a request
waits inside the process until one of the N threads is free.
"""

from __future__ import annotations

from typing import Any

from browserconc.lab.server import Kind

WAITRESS = Kind("waitress", "threads", __file__, ("waitress",), sizes=(4,), backlog=1024, websockets=False)


def _main() -> None:
    import logging  # noqa: PLC0415

    from waitress.channel import HTTPChannel  # noqa: PLC0415 - in the server's process only
    from waitress.server import TcpWSGIServer, create_server  # noqa: PLC0415

    from browserconc.evidence.ledger import Ledger  # noqa: PLC0415
    from browserconc.lab import serving  # noqa: PLC0415

    orders = serving.orders()
    ledger = Ledger(orders.ledger)

    class Observed(HTTPChannel):  # type: ignore[misc]
        """Notes when a connection leaves the accept queue."""

        def __init__(self, server: Any, sock: Any, addr: Any, *args: Any, **options: Any) -> None:
            ledger.accepted(addr[1])
            super().__init__(server, sock, addr, *args, **options)

    # It warns of every request that has to wait for a thread, which is what is measured here.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    TcpWSGIServer.channel_class = Observed
    server = create_server(
        serving.wsgi(orders, ledger),
        sockets=[orders.listener()],
        threads=orders.sizes[0],
        backlog=orders.backlog,
        connection_limit=65_536,  # 100 would be a limit of its own kind
        asyncore_use_poll=True,  # select() ends at 1024 descriptors
        clear_untrusted_proxy_headers=True,
    )
    orders.ready()
    server.run()


if __name__ == "__main__":
    _main()
