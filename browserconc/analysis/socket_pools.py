"""Which pool of sockets held a request back, and how many sockets it held then.

A pool is of one browser context: one for HTTP without a proxy, one for each proxy, one for WebSockets.
Within each, the sockets to one host are a group. The log does not tell contexts apart, so of two that
were full at the same time the sockets are counted together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

from browserconc.analysis.concurrency import Interval, time_at_levels
from browserconc.model.timeline import Span, Track

HOST, POOL, PROXY, WEBSOCKETS = "host-limit", "pool-limit", "proxy-limit", "websocket-limit"
"""The causes that are a full pool."""
_STALL = "STALL"  # evidence/leg.py's name for the time in which the pool held a request back
_CONNECTING = ("WEBSOCKET_ENDPOINT_LOCK", "TCP_CONNECT_FALLBACK", "TCP_CONNECT", "SSL_CONNECT")

Sockets = Mapping[object, list[Interval]]
"""By socket: the stretches in which requests held it."""


def stalled(track: Track) -> tuple[str, Span] | None:
    """The cause that held the request back, and how long; None where it never was."""
    stall = track.span(_STALL)
    if stall is None:
        return None
    return (HOST if stall.detail.get("limit") == "group" else _pool(track)), stall


def sockets_when_stalled(tracks: Sequence[Track], last_ns: int, cause: str) -> int | None:
    """How many sockets the pool (or the host's group) held for most of the time in which it was full.

    Not the most that ever were: browser contexts have a pool each, and groups of one name in the log.
    """
    stalls: dict[Hashable, list[Interval]] = defaultdict(list)
    for track in tracks:
        if (found := stalled(track)) and found[0] == cause:
            stall = found[1]
            end_ns = last_ns if stall.end_ns is None else stall.end_ns
            stalls[_key(track, cause)].append((stall.start_ns, end_ns))
    lasted: dict[int, int] = defaultdict(int)
    for key, waits in stalls.items():
        begin_ns, until_ns = min(start for start, _ in waits), max(end for _, end in waits)
        members = [track for track in tracks if _key(track, cause) == key]
        used = in_use(held(members, last_ns, connecting=True))
        for height, time_ns in time_at_levels(used, begin_ns, until_ns).items():
            lasted[height] += time_ns
    return max(lasted, key=lambda height: lasted[height], default=0) or None


def held(tracks: Sequence[Track], last_ns: int, *, connecting: bool = False) -> Sockets:
    """The stretches in which requests held each socket; with the time that it took to connect it, if wanted.

    Until the answer was read, or the WebSocket was closed.
    """
    found: dict[object, list[Interval]] = defaultdict(list)
    for track in tracks:
        got, socket = track.span("HTTP_STREAM_REQUEST"), track.facts.get("socket")
        if socket is None or got is None or got.end_ns is None:
            continue
        body = track.span("HTTP_TRANSACTION_READ_BODY")
        end_ns = body.end_ns if body and body.end_ns is not None else track.ended_ns(last_ns)
        begin_ns = got.end_ns
        if connecting:
            begin_ns = min([begin_ns, *(s.start_ns for s in track.spans if s.name in _CONNECTING)])
        found[socket].append((begin_ns, max(begin_ns, end_ns)))
    return found


def in_use(sockets: Sockets) -> list[Interval]:
    """The stretches in which each socket was in use, those of several requests at once (HTTP/2) as one."""
    used: list[Interval] = []
    for stretches in sockets.values():
        joined: list[Interval] = []
        for start, end in sorted(stretches):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end))
            else:
                joined.append((start, end))
        used += joined
    return used


def _pool(track: Track) -> str:
    if track.url.startswith(("ws:", "wss:")):
        return WEBSOCKETS
    return PROXY if track.facts.get("proxy") else POOL


def _key(track: Track, cause: str) -> Hashable:
    return track.facts.get("group") if cause == HOST else (_pool(track), track.facts.get("proxy"))
