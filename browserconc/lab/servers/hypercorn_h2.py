"""hypercorn with TLS, so that browsers speak HTTP/2 to it: one process, one event loop; ASGI.

Its certificate is made on the spot by trustme, for loopback names only. The authority that signed
it lies as `ca.pem` beside the ledger, for clients that want to check.
"""

from __future__ import annotations

import asyncio
from typing import Any

from browserconc.lab.server import CA_FILE, Kind

HYPERCORN_H2 = Kind(
    "hypercorn-h2",
    "event-loop",
    __file__,
    ("hypercorn", "trustme"),
    bounded=False,
    scheme="https",
)


def _main() -> None:
    import trustme  # noqa: PLC0415 - in the server's process only
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    from browserconc.evidence.ledger import Ledger  # noqa: PLC0415
    from browserconc.lab import serving  # noqa: PLC0415
    from browserconc.lab.async_endpoint import create_app  # noqa: PLC0415

    orders = serving.orders()
    ledger = Ledger(orders.ledger)
    folder = orders.ledger.parent
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "*.localhost", "127.0.0.1", "::1")
    authority.cert_pem.write_to_path(folder / CA_FILE)
    chain, key = folder / "server.pem", folder / "server.key"
    key.touch(mode=0o600)
    for part in certificate.cert_chain_pems:
        part.write_to_path(chain, append=True)
    certificate.private_key_pem.write_to_path(key)

    config = Config()
    config.bind = [f"fd://{orders.descriptor}"]
    config.backlog = 16_384
    config.certfile, config.keyfile = str(chain), str(key)
    config.alpn_protocols = ["h2", "http/1.1"]
    config.loglevel = "WARNING"
    config.accesslog = None

    async def run() -> None:
        async def forever() -> None:
            orders.ready()  # asked for once the sockets are served
            await asyncio.Event().wait()

        app: Any = create_app(ledger)
        await serve(app, config, shutdown_trigger=forever)

    asyncio.run(run())


if __name__ == "__main__":
    _main()
