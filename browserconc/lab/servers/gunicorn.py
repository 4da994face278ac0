"""gunicorn with three of its workers: sync, gthread and gevent.

`-w 4` forks four processes that take connections from one accept queue. A sync worker takes one
at a time and closes it after the answer. A gthread worker accepts as many as come and gives them
to its threads, so one of two workers may end up with most of them. A gevent worker gives every
connection a greenlet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from browserconc.lab.server import Kind

if TYPE_CHECKING:
    from browserconc.evidence.ledger import Ledger

_NEEDS = ("gunicorn",)
_BACKLOG = 2048

SYNC = Kind(
    "gunicorn-sync",
    "processes",
    __file__,
    _NEEDS,
    sizes=(4,),
    preforked=True,
    forks=True,
    backlog=_BACKLOG,
)
GTHREAD = Kind(
    "gunicorn-gthread",
    "threads",
    __file__,
    _NEEDS,
    sizes=(2, 4),
    preforked=True,
    forks=True,
    backlog=_BACKLOG,
)
GEVENT = Kind(
    "gunicorn-gevent",
    "greenlets",
    __file__,
    _NEEDS,
    sizes=(1,),
    bounded=False,
    preforked=True,
    forks=True,
    backlog=_BACKLOG,
)


def _main() -> None:
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - in the server's process only
    from gunicorn.arbiter import Arbiter  # noqa: PLC0415

    from browserconc.evidence.ledger import Ledger  # noqa: PLC0415
    from browserconc.lab import serving  # noqa: PLC0415

    orders = serving.orders()
    ledger = Ledger(orders.ledger, _greenlet_name) if orders.name == GEVENT.name else Ledger(orders.ledger)
    settings: dict[str, Any] = {
        "bind": [f"fd://{orders.descriptor}"],
        "workers": orders.sizes[0],
        "worker_class": _worker(orders.name, ledger),
        "threads": orders.sizes[1] if len(orders.sizes) > 1 else 1,
        "backlog": orders.backlog,  # older versions listen again on an inherited socket
        "timeout": 0,  # it would kill a sync worker whose request takes longer
        "graceful_timeout": 0,
        "loglevel": "warning",
        "control_socket_disable": True,
        "post_worker_init": lambda worker: orders.ready(),
    }
    if orders.name == GEVENT.name:
        settings["worker_connections"] = 65_536  # 1000 would be a limit of its own kind
    else:  # Flask is imported once, not by each of 256 workers; gevent must patch first
        settings["preload_app"] = True

    class Application(BaseApplication):  # type: ignore[misc]
        """Reads neither our command line nor a gunicorn.conf.py that happens to lie about."""

        def load_config(self) -> None:
            for name, value in settings.items():
                if name in self.cfg.settings:  # some are younger than others
                    self.cfg.set(name, value)

        def load(self) -> Any:
            return serving.wsgi(orders, ledger)

    class Prompt(Arbiter):  # type: ignore[misc]
        """Starts its workers without the random pauses, which add up to seconds."""

        def spawn_workers(self) -> None:
            for _ in range(self.num_workers - len(self.WORKERS)):
                self.spawn_worker()

    Prompt(Application()).run()


def _greenlet_name() -> str:
    import gevent  # noqa: PLC0415 - only where this is called it is loaded already

    return f"greenlet-{gevent.getcurrent().minimal_ident}"


def _worker(name: str, ledger: Ledger) -> type[Any]:
    """The worker class, made to note when a connection leaves the accept queue."""
    if name == SYNC.name:
        from gunicorn.workers.sync import SyncWorker  # noqa: PLC0415

        class Sync(SyncWorker):  # type: ignore[misc]
            def handle(self, listener: Any, client: Any, addr: Any) -> None:
                ledger.accepted(addr[1])
                super().handle(listener, client, addr)

        return Sync
    if name == GTHREAD.name:
        from gunicorn.workers.gthread import ThreadWorker  # noqa: PLC0415

        class Threads(ThreadWorker):  # type: ignore[misc]
            def enqueue_req(self, conn: Any) -> None:
                if not hasattr(conn, "accept_noted"):  # kept connections come here again
                    conn.accept_noted = True
                    ledger.accepted(conn.client[1])
                super().enqueue_req(conn)

        return Threads
    from gunicorn.workers.ggevent import GeventWorker  # noqa: PLC0415

    class Greenlets(GeventWorker):  # type: ignore[misc]
        def handle(self, listener: Any, client: Any, addr: Any) -> None:
            ledger.accepted(addr[1])
            super().handle(listener, client, addr)

    return Greenlets


if __name__ == "__main__":
    _main()
