"""By whose leave a crawl loads its addresses: one's own hosts, or others that agreed and their robots.txt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

from browserconc.lab import reach, robots


class LeaveError(Exception):
    """An address that must not, or cannot, be loaded; one sentence."""


async def ask(urls: Iterable[str], *, allowed: bool) -> float | None:
    """The pages per second that these addresses' hosts allow; None where none of them says.

    Args:
        urls: all of them.
        allowed: whether the user says that he may load hosts that are neither his machine nor private.

    Raises:
        LeaveError: one of them must not be loaded, or nobody answers there.
    """
    by_origin: dict[str, list[str]] = {}
    for url in urls:
        by_origin.setdefault(_origin(url), []).append(url)
    rates = [await _asked(origin, mine, allowed) for origin, mine in by_origin.items()]
    return min((rate for rate in rates if rate is not None), default=None)


async def _asked(origin: str, urls: list[str], allowed: bool) -> float | None:
    try:
        place = await reach.locate(urls[0])
        if not (place.private or allowed):
            raise LeaveError(
                f"{place.host} is neither this machine nor in a private network. Tuning loads pages as fast "
                "as it can: if the host is yours or its owner agrees, add --i-may-load-this-host, and "
                "--rate to cap the pages per second."
            )
        await reach.connect(place)
        if place.private:
            return None
        return await asyncio.to_thread(robots.rate, origin, urls)
    except (reach.TargetError, robots.ForbiddenError) as problem:
        raise LeaveError(str(problem)) from problem


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
