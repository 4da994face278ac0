"""One request as the Chrome trace and the NetLog file of the same run saw it: one Track of both.

Both are told of an event by one call on the thread on which it happens: NetLog takes the time and hands the
entry to the file and to the trace, and the trace takes the time again (`NetLog::AddEntryInternal` in
net/log/net_log.cc, `TraceNetLogObserver::OnAddEntry`). So of two stamps the earlier is the true one:

* The file's is exact but cut down to a millisecond: the event was within the millisecond that it names.
* The trace's is never before the event. It is late where the thread lost the CPU between the two (13 ms
  were seen on a busy machine), but always taken before the thread's next event. Only what another process
  tells NetLog, which is no step of a request, comes with a time of its own and is stamped on arrival.

The trace is used within the file's millisecond. What breaks these bounds are not two stamps of one event.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from browserconc.evidence.leg import STALL
from browserconc.model.timeline import Span, Track

TICK_NS = 1_000_000
"""The file's instants are whole milliseconds, rounded down (`NetLog::TickCountToString`)."""
_BRIEF_NS = 5_000_000
_STEPS = (
    *("HTTP_CACHE_ADD_TO_ENTRY", STALL, "HTTP_STREAM_REQUEST", "TCP_CONNECT"),
    *("HTTP_TRANSACTION_SEND_REQUEST", "HTTP_TRANSACTION_READ_HEADERS"),
)


def together(logged: Sequence[Track], traced: Sequence[Track]) -> tuple[list[Track], str | None]:
    """One track for each request that either saw, and what they disagree about, as a sentence.

    A request of both is the trace's, each instant within the millisecond that the file names, and with
    the file's port where its socket was open before the trace began. One that they disagree about is
    the trace's as it is.
    """
    file = {_identity(track): track for track in logged}
    tracks: list[Track] = []
    different: list[tuple[Track, str]] = []
    for track in traced:
        twin = file.pop(_identity(track), None)
        what = _difference(twin, track) if twin else None
        if what:
            different.append((track, what))
        tracks.append(_placed(twin, track, trusted=not what) if twin else track)
    common = len(logged) - len(file)
    return [*tracks, *file.values()], _doubt(logged, traced, common, different)


def _identity(track: Track) -> tuple[object, ...]:
    """Ids are unique within one browser; of several, each has gates of its own."""
    return track.key, track.url, track.facts.get("via")


def _doubt(
    logged: Sequence[Track], traced: Sequence[Track], common: int, different: Sequence[tuple[Track, str]]
) -> str | None:
    if logged and traced and not common:
        return "The trace and the NetLog have no request in common; the trace is used where it has one."
    if not different:
        return None
    track, what = different[0]
    return (
        f"The trace and the NetLog disagree about {len(different)} of {common} requests "
        f"({what} of {track.url}); the trace is used."
    )


def _placed(logged: Track, traced: Track, *, trusted: bool) -> Track:
    """The trace's track, its instants bounded by the file's where the file is `trusted` to mean the same."""
    spans = tuple(_within_ticks(logged, traced)) if trusted else traced.spans
    port = logged.local_port if traced.local_port is None else traced.local_port
    return replace(traced, spans=spans, local_port=port)


def _within_ticks(logged: Track, traced: Track) -> Iterator[Span]:
    """The trace's spans, none of their instants later than the file's millisecond."""
    ours, theirs = (Counter(span.name for span in track.spans) for track in (logged, traced))
    paired = {name for name, count in theirs.items() if ours[name] == count}
    twins = {name: iter([span for span in logged.spans if span.name == name]) for name in paired}
    for span in traced.spans:
        if span.name in paired:
            yield _within_tick(next(twins[span.name]), span)
        else:
            yield span  # which of several it is, or whether the file has it at all, is not known


def _within_tick(logged: Span, traced: Span) -> Span:
    end_ns = traced.end_ns
    if end_ns is not None and logged.end_ns is not None:
        end_ns = min(end_ns, logged.end_ns + TICK_NS - 1)
    return traced._replace(start_ns=min(traced.start_ns, logged.start_ns + TICK_NS - 1), end_ns=end_ns)


def _difference(logged: Track, traced: Track) -> str | None:
    """The first thing that the two say differently of one request."""
    if logged.facts.get("socket") != traced.facts.get("socket"):
        return "the connection"
    if traced.local_port is not None and logged.local_port != traced.local_port:
        return "the port"
    instants = sorted({ns for span in logged.spans for ns in (span.start_ns, span.end_ns) if ns is not None})
    for name in _STEPS:
        ours, theirs = logged.span(name), traced.span(name)
        only = theirs if ours is None else ours if theirs is None else None
        if only and (name != "TCP_CONNECT" or _lasted(only)):
            return name
        if ours and theirs and not _same(ours, theirs, instants):
            return name
    return None


def _lasted(connect: Span) -> bool:
    """A connection made just as the request began may be before it or within it in whole milliseconds."""
    return connect.end_ns is None or connect.end_ns - connect.start_ns > _BRIEF_NS


def _same(logged: Span, traced: Span, instants: Sequence[int]) -> bool:
    """Can these be two stamps each of one BEGIN and of one END? `instants` are the file's of the request."""
    if not _stamps_of_one(logged.start_ns, traced.start_ns, instants):
        return False
    if logged.name == STALL:  # it ends with the one or the other event, by their order within a millisecond
        return True
    return _stamps_of_one(logged.end_ns, traced.end_ns, instants)


def _stamps_of_one(file_ns: int | None, trace_ns: int | None, instants: Sequence[int]) -> bool:
    if file_ns is None or trace_ns is None:
        return file_ns is trace_ns
    following = bisect_right(instants, file_ns)
    latest_ns = instants[following] + TICK_NS if following < len(instants) else None
    return file_ns <= trace_ns and (latest_ns is None or trace_ns < latest_ns)
