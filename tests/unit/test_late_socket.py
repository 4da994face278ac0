"""A request that was given up before it had the socket that its job got at last."""

from browserconc.evidence import url_request
from browserconc.evidence.netlog_event import Event

MS = 1_000_000


def event(at_ms: int, type_: str, phase: str, source: tuple[str, int], **params: object) -> Event:
    return Event(at_ms * MS, type_, phase, source[1], source[0], dict(params))  # type: ignore[arg-type]


def test_it_was_stalled_until_its_job_had_a_socket() -> None:
    request, controller, job = ("URL_REQUEST", 1), ("HTTP_STREAM_JOB_CONTROLLER", 2), ("HTTP_STREAM_JOB", 3)
    log = [
        event(0, "REQUEST_ALIVE", "BEGIN", request),
        event(1, "URL_REQUEST_START_JOB", "BEGIN", request, url="http://127.0.0.1/feed", method="GET"),
        event(2, "HTTP_STREAM_REQUEST", "BEGIN", request),
        event(2, "HTTP_STREAM_JOB_CONTROLLER_BOUND", "NONE", request, source_dependency={"id": 2, "type": 0}),
        event(
            2, "HTTP_STREAM_REQUEST_STARTED_JOB", "NONE", controller, source_dependency={"id": 3, "type": 0}
        ),
        event(3, "SOCKET_POOL_STALLED_MAX_SOCKETS_PER_GROUP", "NONE", job),
        event(900, "SOCKET_POOL_BOUND_TO_SOCKET", "NONE", job, source_dependency={"id": 9, "type": 0}),
        event(910, "HTTP_STREAM_REQUEST", "END", request),
        event(910, "REQUEST_ALIVE", "END", request, net_error=-3),
    ]
    (track,) = url_request.tracks(log)
    stall = track.span(url_request.STALL)
    assert stall is not None
    assert (stall.start_ns, stall.end_ns) == (3 * MS, 900 * MS)
    assert stall.detail["limit"] == "group"
