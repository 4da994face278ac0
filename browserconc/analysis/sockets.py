"""The browser's sockets over time and the limits that were hit, from the tracks of its requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from browserconc.analysis.concurrency import Interval, levels
from browserconc.model.network import LimitHit, Network, SocketGroup
from browserconc.model.timeline import Span, Track

STEPS = 60
"""Into so many equal steps the time is cut."""
_STALL = "STALL"  # evidence/url_request.py's name for the time in which the pool held a request back
_STALLS = {"group": "host-limit", "pool": "pool-limit"}
_CACHE_LOCK_TIMEOUT = -409  # ERR_CACHE_LOCK_TIMEOUT, net/base/net_error_list.h
RESOLUTION_NS = 1_000_000
"""NetLog writes whole milliseconds."""
NOTICEABLE_NS = 5_000_000
"""A lock that is free is taken within this; what is shorter hit no limit."""


def network(
    tracks: Sequence[Track],
    last_ns: int,
    max_sockets_per_group: int | None,
    address: Callable[[str], str],
) -> Network | None:
    """What the tracks of one browser say; None where they know of no sockets (a HAR).

    `address` makes a URL fit to be kept. A socket counts as in use from when a request got it until
    its answer was read.
    """
    seen = [track for track in tracks if track.source == "netlog" and track.spans]
    if not seen:
        return None
    begin_ns = min(track.spans[0].start_ns for track in seen)
    span_ns = max(max(_end_ns(track, last_ns) for track in seen) - begin_ns, 1)
    groups = [_group(group, sockets, begin_ns, span_ns) for group, sockets in _held(seen, last_ns).items()]
    return Network(
        span_ns,
        -(-span_ns // STEPS),
        tuple(sorted(groups, key=lambda group: (-group.peak, -group.requests, group.group))),
        tuple(_hits(seen, last_ns, max_sockets_per_group, address)),
    )


def connections_when_stalled(tracks: Sequence[Track], last_ns: int) -> int | None:
    """How many sockets of its group were in use for most of the time in which a request was held back.

    Not the most that ever were: browser contexts have a pool each, and groups of one name in the log.
    """
    seen = [track for track in tracks if track.source == "netlog" and track.spans]
    stalls: dict[str, list[Interval]] = defaultdict(list)
    for track in seen:
        stall, group = track.span(_STALL), track.facts.get("group")
        if stall and stall.detail.get("limit") == "group" and isinstance(group, str):
            stalls[group].append((stall.start_ns, last_ns if stall.end_ns is None else stall.end_ns))
    held = _held([track for track in seen if track.facts.get("group") in stalls], last_ns)
    lasted: dict[int, int] = defaultdict(int)
    for group, sockets in held.items():
        begin_ns, end_ns = min(start for start, _ in stalls[group]), max(end for _, end in stalls[group])
        for start, end, height in levels(_in_use(sockets)):
            lasted[height] += max(min(end, end_ns) - max(start, begin_ns), 0)
    return max(lasted, key=lambda height: lasted[height], default=0) or None


_Sockets = Mapping[object, list[Interval]]


def _held(tracks: Sequence[Track], last_ns: int) -> dict[str, dict[object, list[Interval]]]:
    """By group and socket: the stretches in which requests held it."""
    held: dict[str, dict[object, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    for track in tracks:
        got = track.span("HTTP_STREAM_REQUEST")
        group, socket = track.facts.get("group"), track.facts.get("socket")
        if isinstance(group, str) and socket is not None and got and got.end_ns is not None:
            body = track.span("HTTP_TRANSACTION_READ_BODY")
            end_ns = body.end_ns if body and body.end_ns is not None else _end_ns(track, last_ns)
            held[group][socket].append((got.end_ns, max(got.end_ns, end_ns)))
    return held


def _in_use(sockets: _Sockets) -> list[Interval]:
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


def _group(group: str, sockets: _Sockets, begin_ns: int, span_ns: int) -> SocketGroup:
    steps = [0] * STEPS
    stretches = levels(_in_use(sockets))
    peak = _peak(stretches)
    for start, end, height in stretches:
        first = min((start - begin_ns) * STEPS // span_ns, STEPS - 1)
        last = min(max(end - 1 - begin_ns, 0) * STEPS // span_ns, STEPS - 1)
        for step in range(max(first, 0), last + 1):
            steps[step] = max(steps[step], min(height, peak))
    requests = sum(map(len, sockets.values()))
    return SocketGroup(group, len(sockets), requests, peak, tuple(steps))


def _peak(stretches: Sequence[tuple[int, int, int]]) -> int:
    """The highest level that lasted: a socket that is handed on counts twice for an instant."""
    return max((height for start, end, height in stretches if end - start > RESOLUTION_NS), default=1)


def _hits(
    tracks: Sequence[Track], last_ns: int, per_group: int | None, address: Callable[[str], str]
) -> list[LimitHit]:
    waits: dict[tuple[str, str], list[int]] = defaultdict(list)
    values: dict[tuple[str, str], int | None] = {}
    for track in tracks:
        for span in track.spans:
            if (cause := _limit(span)) is None:
                continue
            waited_ns = (last_ns if span.end_ns is None else span.end_ns) - span.start_ns
            if waited_ns >= NOTICEABLE_NS:
                where = _where(cause, track, address)
                waits[cause, where].append(waited_ns)
                values[cause, where] = _value(cause, span, per_group)
    found = [
        LimitHit(cause, where, values[cause, where], len(times), sum(times), max(times))
        for (cause, where), times in waits.items()
    ]
    return sorted(found, key=lambda hit: -hit.waited_ns)


def _limit(span: Span) -> str | None:
    match span.name:
        case name if name == _STALL:
            return _STALLS.get(str(span.detail.get("limit")))
        case "HTTP_CACHE_ADD_TO_ENTRY":
            return "cache-lock"
        case "DELEGATE_INFO" if span.detail.get("delegate_blocked_by") == "ResourceScheduler":
            return "load-throttle"
        case "HTTP2_SESSION_STALLED_MAX_STREAMS":
            return "h2-streams"
        case _:
            return None


def _where(cause: str, track: Track, address: Callable[[str], str]) -> str:
    """What was full: a group of the pool, a host's HTTP/2 connection, an entry of the cache."""
    if cause in _STALLS.values():
        return str(track.facts.get("group"))
    if cause == "h2-streams":
        parts = urlsplit(track.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return address(track.url)


def _value(cause: str, span: Span, per_group: int | None) -> int | None:
    streams = span.detail.get("max_concurrent_streams")
    stated = streams if isinstance(streams, int) else None
    return {"host-limit": per_group, "cache-lock": 1, "h2-streams": stated}.get(cause)


def _end_ns(track: Track, last_ns: int) -> int:
    return max(last_ns if span.end_ns is None else span.end_ns for span in track.spans)
