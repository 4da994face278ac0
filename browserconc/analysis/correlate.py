"""Joins what the sources saw of each request, without any identifier added to the request.

A tab's navigation is recognised by the gate that redirected it; what pages ask for one URL by the
order in which it was answered. Browser and server are joined by the TCP port that both see, and
by order where one connection carried several requests. CDP and the NetLog are joined by the gate
too, or by the connection whose id both know. Where nothing of the browser shows its ports, server
and client are joined by the address, and by the order of equal ones.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from browserconc.model.cause import Case, Evidence
from browserconc.model.timeline import Timeline, Track

CLOCK_SLACK_NS = 5_000_000
"""NetLog rounds to milliseconds; two sources of one instant may differ by a few of them."""
FAR_NS = 1 << 63


@dataclass(slots=True)
class _Request:
    client: Track
    browser: Track | None = None
    cdp: Track | None = None
    ledger: Track | None = None
    doubts: list[str] = field(default_factory=list)


def correlate(evidence: Evidence) -> Case:
    """One timeline per request that the client made; what could not be joined is a doubt."""
    by_source: dict[str, list[Track]] = defaultdict(list)
    for track in evidence.tracks:
        by_source[track.source].append(track)
    requests = [_Request(track) for track in sorted(by_source["client"], key=lambda t: t.index or 0)]
    _join_browser(requests, by_source["netlog"] or by_source["mozlog"], evidence)
    _join_cdp(requests, by_source["cdp"], evidence)
    strangers = _join_ledger(requests, by_source["ledger"])
    doubts = list(evidence.doubts)
    strangers, guessed = _join_by_order(requests, strangers)
    if guessed:
        doubts.append(
            f"{guessed} requests for equal addresses were found in the server's ledger by their order, "
            "because "
            + (
                "Firefox's log does not name its ports."
                if "mozlog" in evidence.sources
                else "the browser's ports are not known without its NetLog."
            )
        )
    logged = {"netlog": "the browser's NetLog", "mozlog": "Firefox's log"}
    for source in logged.keys() & evidence.sources:
        if missing := sum(r.browser is None for r in requests):
            doubts.append(f"{missing} of {len(requests)} requests are missing from {logged[source]}.")
    if "ledger" in evidence.sources:
        unseen = sum(r.ledger is None and r.client.facts.get("error") is None for r in requests)
        if unseen:
            doubts.append(f"{unseen} of {len(requests)} requests are missing from the server's ledger.")
    timelines = tuple(_timeline(request, evidence) for request in requests)
    return Case(evidence, timelines, tuple(strangers), tuple(doubts))


def _join_browser(requests: list[_Request], tracks: list[Track], evidence: Evidence) -> None:
    by_index, by_url = _sorted(tracks, evidence)
    if evidence.facts.get("pages"):
        # Several pages asked for one address, and which of them a request belongs to is not said: the one
        # that was answered first is that of the page that was done first.
        requests = sorted(requests, key=_done)
        for equal in by_url.values():
            equal.sort(key=_answered)
    for request in requests:
        if request.client.index in by_index:
            request.browser = by_index[request.client.index]
        elif same := by_url.get(_without_fragment(request.client.url)):
            request.browser = same.pop(0)


def _join_cdp(requests: list[_Request], tracks: list[Track], evidence: Evidence) -> None:
    by_index, by_url = _sorted(tracks, evidence)
    for request in requests:
        if request.client.index in by_index:
            request.cdp = by_index[request.client.index]
        elif same := by_url.get(_without_fragment(request.client.url)):
            request.cdp = _on_the_same_connection(request, same)
            same.remove(request.cdp)


def _sorted(
    tracks: list[Track], evidence: Evidence
) -> tuple[dict[int | None, Track], dict[str, list[Track]]]:
    """The tracks of tabs that came out of a gate, by the tab; else those of the trial, by address."""
    by_index: dict[int | None, Track] = {}
    by_url: dict[str, list[Track]] = defaultdict(list)
    for track in tracks:
        via = track.facts.get("via")
        if isinstance(via, str) and via in evidence.gates:
            by_index.setdefault(evidence.gates[via], track)
        elif not evidence.gates and track.facts.get("leg") == 0:
            by_url[_without_fragment(track.url)].append(track)
    return by_index, by_url


def _on_the_same_connection(request: _Request, same: list[Track]) -> Track:
    """Of CDP's requests for one address the one that the NetLog's request is; without it the first.

    CDP's connectionId is the NetLog's socket; several requests of one connection differ in time.
    """
    sent = request.browser.span("HTTP_TRANSACTION_SEND_REQUEST") if request.browser else None
    if request.browser is None or sent is None:
        return same[0]
    socket = request.browser.facts.get("socket")
    on_it = [track for track in same if track.facts.get("connection") == socket]

    def apart_ns(track: Track) -> int:
        span = track.span("send")
        return abs(span.start_ns - sent.start_ns) if span else FAR_NS

    return min(on_it or same, key=apart_ns)


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


def _join_by_order(requests: list[_Request], left: list[Track]) -> tuple[list[Track], int]:
    """Joins requests whose port nobody knows by host and path; what is left, and how many were equal.

    Equal ones in the order in which they were sent where that is known, else in that of the answers.
    """
    blind: dict[tuple[str, str], list[_Request]] = defaultdict(list)
    for request in requests:
        if request.ledger is None and _port(request) is None:
            blind[_address(request.client.url)].append(request)
    served: dict[tuple[str, str], list[Track]] = defaultdict(list)
    for track in left:
        served[str(track.facts.get("host")), track.url].append(track)
    guessed = 0
    for address, equal in blind.items():
        sent_known = all(_is_sent_known(request) for request in equal)
        equal.sort(key=_sent if sent_known else _done)
        tracks = sorted(served[address], key=_began if sent_known else _ended)
        guessed += len(equal) if len(equal) > 1 else 0
        for request in equal:
            fitting = (t for t in tracks if _began(t) >= _sent(request) - CLOCK_SLACK_NS)
            found = next(fitting, None)
            if found:
                request.ledger = found
                tracks.remove(found)
    joined = {id(request.ledger) for request in requests}
    return [track for track in left if id(track) not in joined], guessed


def _timeline(request: _Request, evidence: Evidence) -> Timeline:
    client, browser, cdp, ledger = request.client, request.browser, request.cdp, request.ledger
    whole = client.span("request")
    end_ns = whole.end_ns if whole and whole.end_ns is not None else evidence.ended_ns
    status = client.facts.get("status")
    error = client.facts.get("error")
    known = browser or cdp
    reused = known.facts.get("connection_reused") if known else None
    return Timeline(
        index=client.index or 0,
        url=client.url,
        start_ns=evidence.released_ns,
        end_ns=max(end_ns, evidence.released_ns),
        status=status if isinstance(status, int) else None,
        error=error if isinstance(error, str) else None,
        tracks={track.source: track for track in (client, browser, cdp, ledger) if track},
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
    for track in (request.browser, request.cdp):
        if track and (sent := track.span("send")):
            return sent.start_ns
    if sent := request.client.span("send"):
        return sent.start_ns
    return _start(request.client)


def _is_sent_known(request: _Request) -> bool:
    return any(track and track.span("send") for track in (request.browser, request.cdp))


def _done(request: _Request) -> int:
    """When the client had the answer; after all others where it never had."""
    whole = request.client.span("request")
    return whole.end_ns if whole and whole.end_ns is not None else FAR_NS


def _answered(track: Track) -> int:
    """When the browser had the answer's headers; after all others where it never had."""
    headers = track.span("HTTP_TRANSACTION_READ_HEADERS")
    return headers.end_ns if headers and headers.end_ns is not None else FAR_NS


def _start(track: Track) -> int:
    return min((span.start_ns for span in track.spans), default=0)


def _began(track: Track) -> int:
    """When the server's handler began; its connection may have been accepted long before."""
    service = track.span("service")
    return service.start_ns if service else _start(track)


def _ended(track: Track) -> int:
    service = track.span("service")
    return service.end_ns if service and service.end_ns is not None else FAR_NS


def _address(url: str) -> tuple[str, str]:
    return urlsplit(url).netloc, _path(url)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _without_fragment(url: str) -> str:
    return url.split("#", 1)[0]
