"""How many sockets each of a browser's pools may hold, by the state that it reports when it closes its log.

Current Chromium adds a random number to a fixed one, up to a capacity that it names; only where that is
nothing does the log give the limit. Source: net/socket/socket_pool_additional_capacity.h.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_CAPACITY = re.compile(r"\bcapacity:(\d+)")
_DIRECT = "transport_socket_pool"


def pool_limits(polled: Sequence[Mapping[str, Any]] | None) -> dict[str, int]:
    """By cause ("pool-limit", "proxy-limit"): the sockets of one pool, where their number is fixed."""
    found: dict[str, int] = {}
    for pool in _pools(polled):
        most = pool.get("socket_soft_cap", pool.get("max_socket_count"))  # its name before 2025
        extra = _CAPACITY.search(str(pool.get("additional_capacity", "")))
        if isinstance(most, int) and (extra is None or int(extra.group(1)) == 0):
            found["pool-limit" if pool.get("type") == _DIRECT else "proxy-limit"] = most
    return found


def _pools(polled: Sequence[Mapping[str, Any]] | None) -> Iterator[Mapping[str, Any]]:
    for context in polled or ():
        pools = context.get("socketPoolInfo")
        yield from (pool for pool in (pools if isinstance(pools, list) else ()) if isinstance(pool, dict))
