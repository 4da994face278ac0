"""Experiments on a server by raw sockets: one request alone, then many at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from browserconc.evidence import client
from browserconc.lab.process import Household
from browserconc.lab.strategies import raw_socket
from browserconc.model.outside import Answer, OutsideView
from browserconc.model.target import Target

FEWEST_CLIENTS = 12


async def examine(
    target: Target,
    household: Household,
    folder: Path,
    *,
    clients: int,
    deadline_s: float,
    tell: Callable[[str], None],
) -> OutsideView:
    """Runs the experiments; what they left lies in `folder`.

    Raises:
        RawClientError: a request could not be sent at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()

    async def batch(name: str, number: int) -> tuple[Answer, ...]:
        left_s = max(1.0, deadline_s - (time.monotonic() - begun))
        out = folder / f"{name}-{client.FILE}"
        headers = list(target.headers)
        if target.cookies:
            headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in target.cookies)))
        await raw_socket.measure(
            household, urls=[target.url] * number, mode="cold", timeout_s=left_s, out=out, headers=headers
        )
        return tuple(Answer(row.sent_ns, row.done_ns, row.status, row.error) for row in client.read(out))

    tell("one request alone")
    alone = [*await batch("alone-1", 1), *await batch("alone-2", 1)]
    tell(f"{max(clients, FEWEST_CLIENTS)} requests at once")
    many = await batch("at-once", max(clients, FEWEST_CLIENTS))
    return OutsideView(tuple(alone), (many,))
