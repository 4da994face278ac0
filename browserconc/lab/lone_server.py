"""`browserconc serve`: one server alone, watched until somebody ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from browserconc.evidence import connections
from browserconc.evidence.ledger_live import UNCOUNTED, Live, Now
from browserconc.lab.process import Household
from browserconc.lab.servers import Server, ServerError, start

PERIOD_S = 0.25


async def serve(
    server: Server,
    port: int,
    started: Callable[[str], None],
    seen: Callable[[Now], None],
    seconds: float | None = None,
    *,
    backlog: int | None = None,
) -> None:
    """Runs the server until we are cancelled or `seconds` are over.

    Args:
        server: what to run.
        port: on loopback; 0 takes a free one.
        started: is told the origin, such as "http://127.0.0.1:8000", when it is up.
        seen: is told four times a second what is in flight.
        seconds: None for no end.
        backlog: how many connections may wait to be accepted; None for as many as the system allows.

    Raises:
        ServerError: it did not start, or died; with the last lines of its log.
    """
    with Household() as household:
        running = await start(household, server, household.folder("serve"), port=port, backlog=backlog)
        live = Live(running.ledger, () if server.app else UNCOUNTED)
        started(running.origin)
        try:
            async with asyncio.timeout(seconds) as limit:
                while running.is_alive():
                    seen(replace(live.look(), connections=connections.look(running.port)))
                    await asyncio.sleep(PERIOD_S)
        except TimeoutError:
            if not limit.expired():
                raise
            return
        finally:
            await running.stop()
        tail = running.log_tail()
        raise ServerError(f"{server.spec} died.", tail)
