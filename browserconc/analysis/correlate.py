"""Joins what the sources saw of each request, without any identifier added to the request.

A tab's navigation is recognised by the gate that redirected it; fetch() calls of one URL by the
order in which they were issued. Browser and server are joined by the TCP port that both see, and
by order where one connection carried several requests.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from browserconc.model.cause import Case, Evidence
from browserconc.model.timeline import Timeline, Track

CLOCK_SLACK_NS = 5_000_000
"""NetLog rounds to milliseconds; two sources of one instant may differ by a few of them."""


@dataclass(slots=True)
class _Request:
    client: Track
    browser: Track | None = None
    ledger: Track | None = None
    doubts: list[str] = field(default_factory=list)


def correlate(evidence: Evidence) -> Case:
    """One timeline per request that the client made; what could not be joined is a doubt."""
    by_source: dict[str, list[Track]] = defaultdict(list)
    for track in evidence.tracks:
        by_source[track.source].append(track)
    requests = [_Request(track) for track in sorted(by_source["client"], key=lambda t: t.index or 0)]
    _join_browser(requests, by_source["netlog"], evidence)
    strangers = _join_ledger(requests, by_source["ledger"])
    doubts = list(evidence.doubts)
    if "netlog" in evidence.sources and (missing := sum(r.browser is None for r in requests)):
        doubts.append(f"{missing} of {len(requests)} requests are missing from the browser's NetLog.")
    if "ledger" in evidence.sources:
        unseen = sum(r.ledger is None and r.client.facts.get("error") is None for r in requests)
        if unseen:
            doubts.append(f"{unseen} of {len(requests)} requests are missing from the server's ledger.")
    timelines = tuple(_timeline(request, evidence) for request in requests)
    return Case(evidence, timelines, tuple(strangers), tuple(doubts))


def _join_browser(requests: list[_Request], tracks: list[Track], evidence: Evidence) -> None:
    waiting: dict[str, list[Track]] = defaultdict(list)
    by_index: dict[int, Track] = {}
    for track in tracks:
        via = track.facts.get("via")
        if isinstance(via, str) and via in evidence.gates:
            by_index.setdefault(evidence.gates[via], track)
        elif track.facts.get("leg") == 0:
            waiting[_without_fragment(track.url)].append(track)
    for request in requests:
        index = request.client.index
        if index in by_index:
            request.browser = by_index[index]
        elif not evidence.gates and (same := waiting.get(_without_fragment(request.client.url))):
            request.browser = same.pop(0)


def _join_ledger(requests: list[_Request], tracks: list[Track]) -> list[Track]:
    by_port: dict[int | None, list[Track]] = defaultdict(list)
    for track in sorted(tracks, key=_began):
        by_port[track.local_port].append(track)
    for request in sorted(requests, key=_sent):
        port = _port(request)
        if port is None:
            continue
        target = _path(request.client.url)
        for track in by_port[port]:
            if track.url == target and _began(track) >= _sent(request) - CLOCK_SLACK_NS:
                request.ledger = track
                by_port[port].remove(track)
                break
    return [track for left in by_port.values() for track in left]


def _timeline(request: _Request, evidence: Evidence) -> Timeline:
    client, browser, ledger = request.client, request.browser, request.ledger
    whole = client.span("request")
    end_ns = whole.end_ns if whole and whole.end_ns is not None else evidence.ended_ns
    status = client.facts.get("status")
    error = client.facts.get("error")
    reused = browser.facts.get("connection_reused") if browser else None
    return Timeline(
        index=client.index or 0,
        url=client.url,
        start_ns=evidence.released_ns,
        end_ns=max(end_ns, evidence.released_ns),
        status=status if isinstance(status, int) else None,
        error=error if isinstance(error, str) else None,
        tracks={track.source: track for track in (client, browser, ledger) if track},
        local_port=_port(request),
        connection_reused=reused if isinstance(reused, bool) else None,
    )


def _port(request: _Request) -> int | None:
    if request.browser:
        return request.browser.local_port
    return request.client.local_port


def _sent(request: _Request) -> int:
    """When the request went out, as exactly as is known."""
    if request.browser and (sent := request.browser.span("HTTP_TRANSACTION_SEND_REQUEST")):
        return sent.start_ns
    if sent := request.client.span("send"):
        return sent.start_ns
    return _start(request.client)


def _start(track: Track) -> int:
    return min((span.start_ns for span in track.spans), default=0)


def _began(track: Track) -> int:
    """When the server's handler began; its connection may have been accepted long before."""
    service = track.span("service")
    return service.start_ns if service else _start(track)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _without_fragment(url: str) -> str:
    return url.split("#", 1)[0]
