"""Flask's development server, in its three forms.

Up to Flask 0.12 `app.run()` served one request at a time (`werkzeug-single`); since 1.0 it gives
every connection a thread (`werkzeug-threaded`). Werkzeug can also fork for every connection
(`werkzeug-forking:N`). The first speaks HTTP/1.0, the others HTTP/1.1, and all close the
connection after each answer; a silent connection occupies the server, its thread or its child.
All of that is left as it is.
"""

from __future__ import annotations

from typing import Any

from browserconc.lab.server import Kind

THREADED = Kind("werkzeug-threaded", "threads", __file__, ("werkzeug",), bounded=False, backlog=128)
SINGLE = Kind("werkzeug-single", "single", __file__, ("werkzeug",), wider="werkzeug-threaded", backlog=128)
FORKING = Kind("werkzeug-forking", "processes", __file__, ("werkzeug",), sizes=(4,), forks=True, backlog=128)


def _main() -> None:
    from werkzeug import serving as development  # noqa: PLC0415 - in the server's process only

    from browserconc.evidence.ledger import Ledger  # noqa: PLC0415
    from browserconc.lab import serving  # noqa: PLC0415

    orders = serving.orders()
    ledger = Ledger(orders.ledger)
    chosen: Any = {
        THREADED.name: development.ThreadedWSGIServer,
        SINGLE.name: development.BaseWSGIServer,
        FORKING.name: development.ForkingWSGIServer,
    }[orders.name]

    class Quiet(development.WSGIRequestHandler):
        """Writes no access log: the ledger is one."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    class Observed(chosen):  # type: ignore[misc]
        """Notes when a connection leaves the accept queue."""

        def get_request(self) -> tuple[Any, Any]:
            connection, peer = super().get_request()
            ledger.accepted(peer[1])
            return connection, peer

    options = {"processes": orders.sizes[0]} if orders.sizes else {}
    app = serving.wsgi(orders, ledger)
    server = Observed("127.0.0.1", 0, app, handler=Quiet, fd=orders.descriptor, **options)
    orders.ready()
    server.serve_forever()


if __name__ == "__main__":
    _main()
