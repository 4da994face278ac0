"""gevent's own WSGI server (pywsgi): one process, one thread, one greenlet per connection."""

from __future__ import annotations

import gc
from typing import Any

from browserconc.lab.server import Kind

GEVENT = Kind("gevent", "greenlets", __file__, ("gevent",), bounded=False, backlog=128)


def _main() -> None:
    from gevent import monkey  # noqa: PLC0415 - in the server's process only

    monkey.patch_all()  # before anything takes a lock, a socket or time.sleep by name

    import gevent  # noqa: PLC0415
    from gevent.pywsgi import WSGIHandler, WSGIServer  # noqa: PLC0415

    from browserconc.evidence.ledger import Ledger  # noqa: PLC0415
    from browserconc.lab import serving  # noqa: PLC0415

    orders = serving.orders()
    ledger = Ledger(orders.ledger, lambda: f"greenlet-{gevent.getcurrent().minimal_ident}")

    class Observed(WSGIServer):  # type: ignore[misc]
        """Notes when a connection leaves the accept queue."""

        def do_handle(self, *args: Any) -> None:
            ledger.accepted(args[1][1])
            super().do_handle(*args)

    class Lean(WSGIHandler):  # type: ignore[misc]
        """Formats no line of an access log that nobody writes; errors go to standard error all the same."""

        def log_request(self) -> None:
            pass

    server = Observed(orders.listener(), serving.wsgi(orders, ledger), log=None, handler_class=Lean)
    server.start()
    _collect_rarely()
    orders.ready()
    server.serve_forever()


def _collect_rarely() -> None:
    """A thousand greenlets are not searched for garbage while they serve: that stops all of them."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


if __name__ == "__main__":
    _main()
