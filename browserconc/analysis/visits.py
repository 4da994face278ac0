"""Every request of every tab of a visit: the browser's log, and the tab that each request belongs to.

The NetLog knows all requests but not their tabs, the driver knows what each tab asked for. Documents are
joined by the gate that redirected them, the others by address and order. Without a server's ledger
the browser's log alone tells when a request was sent and answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from browserconc.analysis.service import host_and_path
from browserconc.model.cause import Case, Evidence
from browserconc.model.timeline import Span, Timeline, Track

STREAMS = ("eventsource", "websocket")
"""What has no end, by Playwright's resource types."""
CLOCK_SLACK_NS = 5_000_000
"""NetLog rounds to milliseconds; two sources of one instant may differ by a few of them."""
_BODY = "HTTP_TRANSACTION_READ_BODY"
NEVER_CALLED_ERRORS = (0, -1)  # OK and ERR_IO_PENDING, net/base/net_error_list.h


@dataclass(frozen=True, slots=True)
class Load:
    """One tab from its release until it counted as loaded; instants in ns of the monotonic clock."""

    tab: int
    url: str
    start_ns: int
    end_ns: int
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class VisitCase:
    """A Case whose timelines are every request of every tab; `tabs` has the tab of each, by its index."""

    case: Case
    tabs: Mapping[int, int]
    loads: tuple[Load, ...]


def visited(evidence: Evidence, address: Callable[[str], str]) -> VisitCase:
    """Joins what the sources "client", "netlog" and "page" saw; `address` makes a URL fit to be kept."""
    by_source: dict[str, list[Track]] = defaultdict(list)
    for track in evidence.tracks:
        by_source[track.source].append(track)
    loads = tuple(_load(track, evidence) for track in by_source["client"])
    own = [_until_open(track) for track in by_source["netlog"] if track.url not in evidence.gates]
    refused = _refused(by_source["page"])
    owners = _owners(own, [page for page in by_source["page"] if page not in refused], evidence, address)
    timelines = []
    tabs = {}
    for index, track in enumerate(track for track in own if track.key in owners):
        tab, page = owners[track.key]
        tabs[index] = tab
        timelines.append(_timeline(index, track, page, evidence, address))
    doubts = list(evidence.doubts)
    strangers: list[Track] = []
    if by_source["ledger"]:
        timelines, strangers = _with_ledger(timelines, by_source["ledger"], evidence)
        missing = sum(
            timeline.local_port is not None and "ledger" not in timeline.tracks for timeline in timelines
        )
        if missing:
            doubts.append(f"{missing} of {len(timelines)} requests are not in the server's ledger.")
        else:
            evidence = replace(evidence, sources=evidence.sources | {"ledger"})
    for page in refused:
        tabs[len(timelines)] = page.index or 0
        timelines.append(_of_the_page(len(timelines), page))
    unseen = len({load.tab for load in loads} - set(tabs.values()))
    if unseen and "netlog" in evidence.sources:
        doubts.append(f"Of {unseen} of {len(loads)} tabs the browser's log has no request.")
    case = Case(evidence, tuple(timelines), tuple(strangers), tuple(doubts))
    return VisitCase(case, tabs, loads)


def _refused(pages: Sequence[Track]) -> list[Track]:
    """The WebSockets that a page asked for in vain: their process opens no more, so no other log has them."""
    return [page for page in pages if page.facts.get("kind") == "websocket" and page.facts.get("failed")]


def _of_the_page(index: int, page: Track) -> Timeline:
    asked = page.spans[0]
    return Timeline(
        index=index,
        url=page.url,
        start_ns=asked.start_ns,
        end_ns=asked.end_ns or asked.start_ns,
        status=None,
        error=str(page.facts.get("failed")),
        tracks={page.source: page},
    )


def headers_ns(case: Case) -> dict[str, int]:
    """How long the headers of each address (host and path) took from the request on the wire."""
    found: dict[str, int] = {}
    for timeline in case.timelines:
        sent = timeline.span("netlog", "HTTP_TRANSACTION_SEND_REQUEST")
        headers = timeline.span("netlog", "HTTP_TRANSACTION_READ_HEADERS")
        if sent and headers and headers.end_ns is not None:
            place = host_and_path(timeline.url)
            found[place] = max(headers.end_ns - sent.start_ns, found.get(place, 0))
    return found


def sent_by_client(evidence: Evidence) -> VisitCase:
    """The same for a client without a browser, whose every request is a load of its own."""
    tracks = [track for track in evidence.tracks if track.source == "client"]
    loads = tuple(_load(track, evidence) for track in tracks)
    timelines = tuple(
        Timeline(
            index=index,
            url=load.url,
            start_ns=load.start_ns,
            end_ns=load.end_ns,
            status=load.status,
            error=load.error,
            tracks={"client": track},
            local_port=track.local_port,
        )
        for index, (track, load) in enumerate(zip(tracks, loads, strict=True))
    )
    case = Case(evidence, timelines, (), evidence.doubts)
    return VisitCase(case, {index: load.tab for index, load in enumerate(loads)}, loads)


def _until_open(track: Track) -> Track:
    """Without the life of a WebSocket after its handshake, which no load waits for."""
    return replace(track, spans=tuple(span for span in track.spans if span.name != "WEBSOCKET"))


def _load(track: Track, evidence: Evidence) -> Load:
    whole = track.span("request")
    end_ns = whole.end_ns if whole and whole.end_ns is not None else evidence.ended_ns
    status, error = track.facts.get("status"), track.facts.get("error")
    return Load(
        track.index or 0,
        track.url,
        evidence.released_ns,
        max(end_ns, evidence.released_ns),
        status if isinstance(status, int) else None,
        error if isinstance(error, str) else None,
    )


def _owners(
    own: Sequence[Track], pages: Sequence[Track], evidence: Evidence, address: Callable[[str], str]
) -> dict[str, tuple[int, Track | None]]:
    """The tab of each request of the browser's log, by the track's key, and what its page knows of it."""
    owners: dict[str, tuple[int, Track | None]] = {}
    by_gate: dict[object, int] = {}  # the browser's number of a navigation, which redirects keep
    for track in own:
        via = track.facts.get("via")
        if isinstance(via, str) and via in evidence.gates:
            by_gate[track.facts.get("request")] = evidence.gates[via]
    asked: dict[str, list[Track]] = defaultdict(list)
    for page in pages:
        asked[_without_fragment(page.url)].append(page)
    for track in sorted(own, key=lambda track: _span_of(track, evidence)[1]):
        same = asked.get(_without_fragment(address(track.url)), [])
        tab = by_gate.get(track.facts.get("request"))
        fitting = [page for page in same if tab is None or page.index == tab]
        known = min(fitting, key=lambda page: _apart_ns(track, page, evidence), default=None)
        if known:
            same.remove(known)
            tab = known.index
        if tab is not None:
            owners[track.key] = (tab, known)
    _deal_unsent_websockets(own, owners, evidence.ended_ns)
    return owners


def _deal_unsent_websockets(
    own: Sequence[Track], owners: dict[str, tuple[int, Track | None]], ended_ns: int
) -> None:
    """Deals WebSockets that did not get as far as their handshake to the tabs that have others, in turn.

    The driver hears of a WebSocket when its handshake is sent; whose the others are nobody knows. The first
    tab that is closed after the trial makes room, so that a handshake may be sent then.
    """
    sockets = [track for track in own if track.url.startswith(("ws://", "wss://"))]
    tabs = sorted({owners[track.key][0] for track in sockets if track.key in owners})
    unsent = [track for track in sockets if track.key not in owners and not _is_sent(track, ended_ns)]
    for number, track in enumerate(unsent if tabs else ()):
        owners[track.key] = (tabs[number % len(tabs)], None)


def _is_sent(track: Track, by_ns: int) -> bool:
    sent = track.span("HTTP_TRANSACTION_SEND_REQUEST")
    return sent is not None and sent.start_ns < by_ns


def _apart_ns(one: Track, other: Track, evidence: Evidence) -> int:
    """By how much two sources' instants of a request differ: of equal addresses the nearest are the same."""
    if other.facts.get("kind") in STREAMS:
        one = replace(one, spans=_until_there(one))
    ours, theirs = _span_of(one, evidence), _span_of(other, evidence)
    return sum(abs(a - b) for a, b in zip(ours, theirs, strict=True))


def _span_of(track: Track, evidence: Evidence) -> tuple[int, int]:
    ends = [evidence.ended_ns if span.end_ns is None else span.end_ns for span in track.spans]
    return track.spans[0].start_ns, min(max(ends), evidence.ended_ns)


def _with_ledger(
    timelines: Sequence[Timeline], ledger: Sequence[Track], evidence: Evidence
) -> tuple[list[Timeline], list[Track]]:
    """The timelines with the server's own account of them, by port and path, and what is nobody's."""
    left = [track for track in ledger if evidence.released_ns <= _began(track) <= evidence.ended_ns]
    joined = []
    for timeline in sorted(timelines, key=lambda timeline: timeline.start_ns):
        path = _path(timeline.tracks["netlog"].url)
        found = next(
            (t for t in left if t.local_port == timeline.local_port is not None and t.url == path), None
        )
        if found and _began(found) >= timeline.start_ns - CLOCK_SLACK_NS:
            left.remove(found)
            joined.append(replace(timeline, tracks={**timeline.tracks, "ledger": found}))
        else:
            joined.append(timeline)
    return sorted(joined, key=lambda timeline: timeline.index), left


def _began(track: Track) -> int:
    service = track.span("service")
    return service.start_ns if service else track.spans[0].start_ns if track.spans else 0


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _timeline(
    index: int, track: Track, page: Track | None, evidence: Evidence, address: Callable[[str], str]
) -> Timeline:
    started = track.span("URL_REQUEST_START_JOB")
    # A redirect's leg begins where the browser followed it, not where the first request was made.
    start_ns = started.start_ns if started and track.facts.get("leg") else track.spans[0].start_ns
    until = track.spans
    if page is not None and page.facts.get("kind") in STREAMS:
        until = _until_there(track)
        # What comes after that holds the connection, and no load waits for it.
        track = replace(track, spans=tuple(s for s in track.spans if s in until or s.name == _BODY))
    ends = [evidence.ended_ns if span.end_ns is None else span.end_ns for span in until]
    facts = track.facts
    status, reused, number = facts.get("status"), facts.get("connection_reused"), facts.get("net_error")
    error = None
    if isinstance(number, int) and number not in NEVER_CALLED_ERRORS:
        error = f"net error {number}"
    return Timeline(
        index=index,
        url=address(track.url),
        start_ns=start_ns,
        end_ns=max(start_ns, min(max(ends), evidence.ended_ns)),
        status=status if isinstance(status, int) else None,
        error=error,
        tracks={one.source: one for one in (replace(track, source="netlog"), page) if one},
        local_port=track.local_port,
        connection_reused=reused if isinstance(reused, bool) else None,
    )


def _until_there(track: Track) -> tuple[Span, ...]:
    """The spans of a stream as far as a load waits for it: it has no end, and is there with its headers."""
    headers = track.span("HTTP_TRANSACTION_READ_HEADERS")
    if headers is None or headers.end_ns is None:
        return track.spans
    return tuple(span for span in track.spans if span.end_ns and span.end_ns <= headers.end_ns)


def _without_fragment(url: str) -> str:
    return url.split("#", 1)[0]
