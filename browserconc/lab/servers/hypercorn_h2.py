"""hypercorn with TLS, so that browsers speak HTTP/2 to it: one process, one event loop; ASGI.

Its size is the number of streams that one HTTP/2 connection may carry at once; it limits nobody who
opens several connections. The certificate is the run's (`lab/certificate.py`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from browserconc.lab.server import Kind

HYPERCORN_H2 = Kind(
    "hypercorn-h2",
    "event-loop",
    __file__,
    ("hypercorn", "trustme"),
    sizes=(100,),
    bounded=False,
    scheme="https",
    interface="asgi",
    backlog=100,
    unnamed=True,
)


def _main() -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - in the server's process only
    from hypercorn.config import Config  # noqa: PLC0415

    from browserconc.evidence.ledger import Ledger  # noqa: PLC0415
    from browserconc.lab import serving  # noqa: PLC0415

    orders = serving.orders()
    app: Any = serving.asgi(orders, Ledger(orders.ledger))
    assert orders.certificate

    config = Config()
    config.bind = [f"fd://{orders.descriptor}"]
    config.backlog = orders.backlog
    config.certfile, config.keyfile = orders.certificate
    config.h2_max_concurrent_streams = orders.sizes[0]
    config.alpn_protocols = ["h2", "http/1.1"]
    config.loglevel = "WARNING"
    config.accesslog = None

    async def run() -> None:
        async def forever() -> None:
            orders.ready()  # asked for once the sockets are served
            await asyncio.Event().wait()

        await serve(app, config, shutdown_trigger=forever)

    asyncio.run(run())


if __name__ == "__main__":
    _main()
