"""The browser's sockets over time and the limits that were hit, from the tracks of its requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from browserconc.analysis.concurrency import levels
from browserconc.analysis.pages import page_of
from browserconc.analysis.socket_pools import Sockets, held, in_use, stalled
from browserconc.model.network import LimitHit, Network, SocketGroup
from browserconc.model.timeline import Span, Track

_LIMITS = frozenset(
    {
        *("STALL", "WEBSOCKET_ENDPOINT_LOCK", "HTTP_CACHE_ADD_TO_ENTRY"),
        *("DELEGATE_INFO", "HTTP2_SESSION_STALLED_MAX_STREAMS"),
    }
)
"""The spans that may be a wait at a limit; most are not, and are passed over."""
STEPS = 60
"""Into so many equal steps the time is cut."""
_CACHE_LOCK_TIMEOUT = -409  # ERR_CACHE_LOCK_TIMEOUT, net/base/net_error_list.h
RESOLUTION_NS = 1_000_000
"""NetLog writes whole milliseconds."""
NOTICEABLE_NS = 5_000_000
"""A lock that is free is taken within this; what is shorter hit no limit."""


def network(
    tracks: Sequence[Track],
    last_ns: int,
    limits: Mapping[str, int | None],
    address: Callable[[str], str],
) -> Network | None:
    """What the tracks of one browser say; None where they know of no sockets (a HAR).

    `limits` are the numbers at which the pool's limits hold, by cause; `address` makes a URL fit to be
    kept. A socket counts as in use from when a request got it until its answer was read.
    """
    seen = [track for track in tracks if track.source == "netlog" and track.spans]
    if not seen:
        return None
    begin_ns = min(track.spans[0].start_ns for track in seen)
    span_ns = max(max(track.ended_ns(last_ns) for track in seen) - begin_ns, 1)
    groups = [_group(group, sockets, begin_ns, span_ns) for group, sockets in _held(seen, last_ns).items()]
    return Network(
        span_ns,
        -(-span_ns // STEPS),
        tuple(sorted(groups, key=lambda group: (-group.peak, -group.requests, group.group))),
        tuple(_hits(seen, last_ns, limits, address)),
    )


def _held(tracks: Sequence[Track], last_ns: int) -> dict[str, Sockets]:
    """By group: the stretches in which requests held each of its sockets."""
    groups: dict[str, list[Track]] = defaultdict(list)
    for track in tracks:
        if isinstance(group := track.facts.get("group"), str):
            groups[group].append(track)
    return {group: sockets for group, members in groups.items() if (sockets := held(members, last_ns))}


def _group(group: str, sockets: Sockets, begin_ns: int, span_ns: int) -> SocketGroup:
    steps = [0] * STEPS
    stretches = levels(in_use(sockets))
    peak = _peak(stretches)
    for start, end, height in stretches:
        first = min((start - begin_ns) * STEPS // span_ns, STEPS - 1)
        last = min(max(end - 1 - begin_ns, 0) * STEPS // span_ns, STEPS - 1)
        reached = min(height, peak)
        for step in range(max(first, 0), last + 1):
            if reached > steps[step]:  # noqa: PLR1730 (of very many stretches few are: max() is slower)
                steps[step] = reached
    requests = sum(map(len, sockets.values()))
    return SocketGroup(group, len(sockets), requests, peak, tuple(steps))


def _peak(stretches: Sequence[tuple[int, int, int]]) -> int:
    """The highest level that lasted: a socket that is handed on counts twice for an instant."""
    return max((height for start, end, height in stretches if end - start > RESOLUTION_NS), default=1)


def _hits(
    tracks: Sequence[Track], last_ns: int, limits: Mapping[str, int | None], address: Callable[[str], str]
) -> list[LimitHit]:
    waits: dict[tuple[str, str], list[int]] = defaultdict(list)
    values: dict[tuple[str, str], int | None] = {}
    for track in tracks:
        at_pool = stalled(track)
        for span in track.spans:
            if span.name not in _LIMITS:
                continue
            cause = at_pool[0] if at_pool and span is at_pool[1] else _limit(span)
            if cause is None:
                continue
            waited_ns = (last_ns if span.end_ns is None else span.end_ns) - span.start_ns
            if waited_ns >= NOTICEABLE_NS:
                where = _where(cause, track, address)
                waits[cause, where].append(waited_ns)
                values[cause, where] = _value(cause, span, limits)
    found = [
        LimitHit(cause, where, values[cause, where], len(times), sum(times), max(times))
        for (cause, where), times in waits.items()
    ]
    return sorted(found, key=lambda hit: -hit.waited_ns)


def _limit(span: Span) -> str | None:
    match span.name:
        case "WEBSOCKET_ENDPOINT_LOCK":
            return "websocket-handshake"
        case "HTTP_CACHE_ADD_TO_ENTRY":
            return "cache-lock"
        case "DELEGATE_INFO" if span.detail.get("delegate_blocked_by") == "ResourceScheduler":
            return "load-throttle"
        case "HTTP2_SESSION_STALLED_MAX_STREAMS":
            return "h2-streams"
        case _:
            return None


def _where(cause: str, track: Track, address: Callable[[str], str]) -> str:
    """What was full: a group of the pool, a host's HTTP/2 connection, a page's loads, a cache entry."""
    if cause in ("host-limit", "pool-limit", "websocket-limit", "websocket-handshake"):
        return str(track.facts.get("group"))
    if cause == "proxy-limit":
        return str(track.facts.get("proxy"))
    if cause == "load-throttle":
        return page_of(track)
    if cause == "h2-streams":
        parts = urlsplit(track.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return address(track.url)


def _value(cause: str, span: Span, limits: Mapping[str, int | None]) -> int | None:
    streams = span.detail.get("max_concurrent_streams")
    stated = streams if isinstance(streams, int) else None
    return {**limits, "cache-lock": 1, "websocket-handshake": 1, "h2-streams": stated}.get(cause)
