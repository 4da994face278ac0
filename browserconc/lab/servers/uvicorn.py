"""uvicorn: one process, one event loop, a task for every request; ASGI.

As it is installed: with uvloop and httptools where they are there, else asyncio and h11.
"""

from __future__ import annotations

from typing import Any

from browserconc.lab.server import Kind

UVICORN = Kind("uvicorn", "event-loop", __file__, ("uvicorn",), bounded=False, interface="asgi", backlog=2048)


def _main() -> None:
    import uvicorn  # noqa: PLC0415 - in the server's process only

    from browserconc.evidence.ledger import Ledger  # noqa: PLC0415
    from browserconc.lab import serving  # noqa: PLC0415

    orders = serving.orders()
    ledger = Ledger(orders.ledger)
    app = serving.asgi(orders, ledger)
    config = uvicorn.Config(app, log_level="warning", access_log=False, backlog=orders.backlog)
    config.load()
    protocol: Any = config.http_protocol_class

    class Observed(protocol):  # type: ignore[misc]
        """Notes when a connection leaves the accept queue."""

        def connection_made(self, transport: Any) -> None:
            ledger.accepted(transport.get_extra_info("peername")[1])
            super().connection_made(transport)

    config.http_protocol_class = Observed

    class Announced(uvicorn.Server):
        """Says when it is up."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets=sockets)
            orders.ready()

    Announced(config).run(sockets=[orders.listener()])


if __name__ == "__main__":
    _main()
