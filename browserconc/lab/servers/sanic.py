"""Sanic: N worker processes that take connections from one accept queue, each with an event loop.

So N does not limit how many requests run at once. It is how many may block their loop at once:
by time.sleep in a coroutine, or by computing.
"""

from __future__ import annotations

from typing import Any

from browserconc.lab.server import Kind

SANIC = Kind(
    "sanic",
    "event-loop",
    __file__,
    ("sanic",),
    sizes=(1,),
    bounded=False,
    preforked=True,
    forks=True,
    interface=None,
    backlog=100,
    websockets=False,
)


def _main() -> None:
    from sanic import Sanic  # noqa: PLC0415 - in the server's process only
    from sanic.server.protocols import http_protocol  # noqa: PLC0415

    from browserconc.evidence.ledger import Ledger  # noqa: PLC0415
    from browserconc.lab import serving  # noqa: PLC0415
    from browserconc.lab.async_endpoint import Endpoint  # noqa: PLC0415

    orders = serving.orders()
    ledger = Ledger(orders.ledger)
    # The ready signal and the ledger are inherited; a spawned worker would have neither.
    Sanic.start_method = "fork"
    app: Any = Sanic("browserconc", configure_logging=False)
    app.config.MOTD = False

    protocol: Any = http_protocol.HttpProtocol

    class Observed(protocol):  # type: ignore[misc]
        """Notes when a connection leaves the accept queue."""

        def connection_made(self, transport: Any) -> None:
            ledger.accepted(transport.get_extra_info("peername")[1])
            super().connection_made(transport)

    async def prepare(app: Any) -> None:
        app.ctx.endpoint = Endpoint(ledger.path)

    async def announce(app: Any) -> None:
        orders.ready()

    async def answer(request: Any, path: str = "") -> None:
        key = ledger.started(
            port=request.conn_info.client_port if request.conn_info else 0,
            host=request.headers.get("host", ""),
            method=request.method,
            path=request.raw_url.decode("latin-1"),
        )
        status = None
        problem: BaseException | None = None
        try:
            given = await app.ctx.endpoint.respond(request.path, request.query_string)
            status = given.status
            headers = dict(given.headers)
            if given.size is not None:
                headers["content-length"] = str(given.size)
            response = await request.respond(
                status=status, headers=headers, content_type=headers.get("content-type")
            )
            async for piece in given.body:
                await response.send(piece)
            await response.eof()
        except BaseException as error:
            problem = error
            raise
        finally:
            ledger.ended(key, status, problem)

    app.before_server_start(prepare)
    app.after_server_start(announce)
    app.add_route(answer, "/", methods=["GET"], name="root")
    app.add_route(answer, "/<path:path>", methods=["GET"], name="every")
    app.prepare(
        sock=orders.listener(),
        workers=orders.sizes[0],
        protocol=Observed,
        access_log=False,
        backlog=orders.backlog,
    )
    Sanic.serve(primary=app)


if __name__ == "__main__":
    _main()
