"""Who waits for a stream: by HTTP/2's own events, in the order in which Chromium writes them."""

from __future__ import annotations

from browserconc.evidence import http2_session, url_request
from browserconc.evidence.netlog_event import Event
from browserconc.model.timeline import Track

MS = 1_000_000
URL = "https://127.0.0.1:9443/slow?tab="
SESSION, SOCKET = 5, 6


def event(at: int, type: str, phase: str, id: int, source: str, /, **params: object) -> Event:
    return Event(at * MS, type, phase, id, source, params)  # type: ignore[arg-type]


def session(streams: int | None) -> list[Event]:
    settings = [
        event(1, "HTTP2_SESSION_RECV_SETTING", "NONE", SESSION, "HTTP2_SESSION", id=name, value=value)
        for name, value in (
            ("2 (SETTINGS_ENABLE_PUSH)", 0),
            ("3 (SETTINGS_MAX_CONCURRENT_STREAMS)", streams),
        )
        if value is not None
    ]
    local = {"local_address": "127.0.0.1:40001"}
    return [
        event(0, "TCP_CONNECT", "BEGIN", SOCKET, "SOCKET"),
        event(1, "TCP_CONNECT", "END", SOCKET, "SOCKET", **local),
        event(
            1,
            "HTTP2_SESSION_INITIALIZED",
            "NONE",
            SESSION,
            "HTTP2_SESSION",
            source_dependency={"id": SOCKET},
        ),
        *settings,
    ]


def request(
    number: int, begin: int, sent: int | None, *, stalled: int | None = None, url: str | None = None
) -> list[Event]:
    """A request that found the session at `begin` and was sent at `sent`."""
    me, job, controller = 100 + number, 200 + number, 300 + number
    url = url or f"{URL}{number}"
    found = "HTTP2_SESSION_POOL_FOUND_EXISTING_SESSION"
    events = [
        event(begin, "REQUEST_ALIVE", "BEGIN", me, "URL_REQUEST"),
        event(begin, "URL_REQUEST_START_JOB", "BEGIN", me, "URL_REQUEST", url=url),
        event(begin, "HTTP_STREAM_REQUEST", "BEGIN", me, "URL_REQUEST"),
        event(
            begin,
            "HTTP_STREAM_JOB_CONTROLLER_BOUND",
            "NONE",
            me,
            "URL_REQUEST",
            source_dependency={"id": controller},
        ),
        event(begin, found, "NONE", job, "HTTP_STREAM_JOB", source_dependency={"id": SESSION}),
        event(
            begin,
            "HTTP_STREAM_REQUEST_BOUND_TO_JOB",
            "NONE",
            me,
            "URL_REQUEST",
            source_dependency={"id": job},
        ),
        event(begin, "HTTP_STREAM_REQUEST", "END", me, "URL_REQUEST"),
    ]
    if stalled is not None:
        params = {"url": url, "max_concurrent_streams": 2, "num_active_streams": 2}
        events.append(event(begin, http2_session.STALLED, "NONE", SESSION, "HTTP2_SESSION", **params))
    if sent is not None:
        events.append(event(sent, "HTTP_TRANSACTION_SEND_REQUEST", "BEGIN", me, "URL_REQUEST"))
    return events


def stall(track: Track) -> tuple[int, int | None, object] | None:
    span = track.span(http2_session.STALLED)
    if span is None:
        return None
    end = None if span.end_ns is None else span.end_ns // MS
    return span.start_ns // MS, end, span.detail["max_concurrent_streams"]


def followed(*events: list[Event]) -> list[Track]:
    in_order = sorted((e for some in events for e in some), key=lambda e: e.time_ns)
    return url_request.tracks(in_order)


def test_a_request_waits_from_its_session_to_its_stream() -> None:
    first, third = followed(session(2), request(1, 10, 10), request(3, 12, 510, stalled=12))
    assert stall(first) is None
    assert stall(third) == (12, 510, 2)
    assert third.facts["max_concurrent_streams"] == 2


def test_requests_of_one_session_share_the_port_of_its_socket() -> None:
    tracks = followed(session(2), request(1, 10, 10), request(2, 11, 11))
    assert [track.local_port for track in tracks] == [40001, 40001]
    assert [track.facts["socket"] for track in tracks] == [SOCKET, SOCKET]
    assert tracks[1].facts["connection_reused"] is True


def test_one_that_never_got_a_stream_still_waits() -> None:
    (track,) = followed(session(2), request(3, 12, None, stalled=12))
    assert stall(track) == (12, None, 2)


def test_a_gap_without_a_stall_is_none() -> None:
    (track,) = followed(session(2), request(3, 12, 510))
    assert stall(track) is None


def test_a_stall_of_a_later_request_for_the_same_url_is_not_the_earlier_one_s() -> None:
    early, late = followed(session(2), request(7, 10, 20, url=URL), request(8, 30, 530, stalled=30, url=URL))
    assert stall(early) is None
    assert stall(late) == (30, 530, 2)


def test_a_server_that_states_no_number_has_none() -> None:
    (track,) = followed(session(None), request(1, 10, 10))
    assert track.facts["max_concurrent_streams"] is None
