"""Which tab made which request, and what a visit's tabs waited for."""

from dataclasses import replace

import pytest

from browserconc.analysis.visit_verdict import judge_visit
from browserconc.analysis.visits import visited
from browserconc.model.cause import Evidence
from browserconc.model.finding import RequestFinding
from browserconc.model.timeline import Span, Track

MS = 1_000_000
PAGE, DATA = "http://127.0.0.1:8000/page", "http://127.0.0.1:8000/api/data"
SOCKET = "ws://127.0.0.1:8000/chat"


def plain(url: str) -> str:
    return url


def client(tab: int, end_ms: int, error: str | None = None) -> Track:
    end = None if error else end_ms * MS
    facts = {"status": None if error else 200, "error": error}
    return Track("client", str(tab), PAGE, (Span("request", 0, end),), index=tab, facts=facts)


def netlog(number: int, url: str, start_ms: int, sent_ms: int, end_ms: int, **facts: object) -> Track:
    """A request that got its stream at once; before it was sent it waited for the entry of its URL."""
    spans = (
        Span("REQUEST_ALIVE", start_ms * MS, end_ms * MS),
        Span("HTTP_CACHE_ADD_TO_ENTRY", start_ms * MS, sent_ms * MS),
        Span("HTTP_TRANSACTION_SEND_REQUEST", sent_ms * MS, sent_ms * MS),
        Span("HTTP_TRANSACTION_READ_HEADERS", sent_ms * MS, end_ms * MS),
    )
    known = {"request": number, "leg": 0, "status": 200, **facts}
    return Track("netlog", f"{number}.0", url, spans, facts=known)  # type: ignore[arg-type]


def asked(tab: int, url: str, start_ms: int, end_ms: int, kind: str = "fetch") -> Track:
    return Track(
        "page",
        f"{tab}{url}",
        url,
        (Span("asked", start_ms * MS, end_ms * MS),),
        index=tab,
        facts={"kind": kind},
    )


def evidence(*tracks: Track, tabs: int, ended_ms: int) -> Evidence:
    return Evidence(
        id="tabs",
        strategy="tabs",
        server=None,
        server_stated=None,
        url=PAGE,
        tabs=tabs,
        delay_ns=None,
        repeat=1,
        released_ns=0,
        ended_ns=ended_ms * MS,
        tracks=tracks,
        sources=frozenset({"netlog"}),
        gates={f"http://127.0.0.1:{9000 + tab}/tab-{tab}": tab for tab in range(tabs)},
    )


def document(tab: int, end_ms: int) -> Track:
    return netlog(tab, PAGE, 1, 2, end_ms, via=f"http://127.0.0.1:{9000 + tab}/tab-{tab}")


def load_alone(ms: int) -> RequestFinding:
    one = evidence(
        client(0, ms), netlog(0, PAGE, 1, 2, ms, via="x"), asked(0, PAGE, 1, ms), tabs=1, ended_ms=ms
    )
    return judge_visit(visited(one, plain), None).loads[0]


def two_tabs_that_fetch() -> Evidence:
    """The second tab's fetch waits at the lock until the first has its headers."""
    return evidence(
        client(0, 540),
        client(1, 1_040),
        document(0, 20),
        document(1, 22),
        netlog(10, DATA, 30, 31, 530),
        netlog(11, DATA, 32, 531, 1_031),
        asked(0, PAGE, 1, 21, "document"),
        asked(1, PAGE, 1, 23, "document"),
        asked(1, DATA, 33, 1_033),
        asked(0, DATA, 34, 532),  # heard later than its twin, but answered first
        tabs=2,
        ended_ms=1_040,
    )


def test_requests_of_one_address_are_told_apart_by_both_their_instants():
    visit = visited(two_tabs_that_fetch(), plain)
    ends = {visit.tabs[t.index]: t.end_ns // MS for t in visit.case.timelines if t.url == DATA}
    assert ends == {0: 530, 1: 1_031}


def test_a_request_of_no_tab_is_left_out():
    favicon = netlog(99, "http://127.0.0.1:8000/favicon.ico", 600, 601, 700)
    more = two_tabs_that_fetch()
    visit = visited(replace(more, tracks=(*more.tracks, favicon)), plain)
    assert len(visit.case.timelines) == 4


def test_the_part_of_the_page_that_the_tabs_wait_for_is_named_with_its_cause():
    judged = judge_visit(visited(two_tabs_that_fetch(), plain), None, load_alone(530))
    verdict = judged.finding.verdict
    assert (verdict.kind, verdict.culprit, verdict.cause, verdict.limit) == (
        "serial",
        "browser",
        "cache-lock",
        1,
    )
    assert {load.url for load in judged.loads} == {DATA}
    assert "1 of 2 tabs waited 0.50 s" in verdict.because[0]
    assert "/api/data" in verdict.because[0]


def test_the_loads_and_the_requests_are_partitioned_exactly():
    judged = judge_visit(visited(two_tabs_that_fetch(), plain), None)
    for one in (*judged.loads, *judged.finding.requests):
        assert sum(piece.duration_ns for piece in one.slices) == one.end_ns - one.start_ns


def test_tabs_that_share_one_answer_are_not_held_back():
    """A fresh response: the second tab waits at the lock for the first, and then has it too."""
    shared = Track(
        "netlog",
        "1.0",
        PAGE,
        (Span("REQUEST_ALIVE", 1 * MS, 503 * MS), Span("HTTP_CACHE_ADD_TO_ENTRY", 2 * MS, 501 * MS)),
        facts={"request": 1, "leg": 0, "via": "http://127.0.0.1:9001/tab-1", "status": None},
    )
    both = evidence(client(0, 505), client(1, 505), document(0, 500), shared, tabs=2, ended_ms=505)
    finding = judge_visit(visited(both, plain), None, load_alone(500)).finding
    assert finding.verdict.kind == "concurrent"
    assert finding.concurrency.peak == 1  # the server had one request


def test_a_server_that_is_known_to_queue_is_blamed_for_what_is_beyond_one_request_alone():
    both = evidence(
        client(0, 510),
        client(1, 1_010),
        document(0, 502),
        document(1, 1_002),
        tabs=2,
        ended_ms=1_010,
    )
    facts = {"server_cause": "server-width", "server_limit": 1}
    alone = {"127.0.0.1:8000/page": 500 * MS}
    known = replace(both, facts=facts, alone_ns=alone)
    verdict = judge_visit(visited(known, plain), None, load_alone(500)).finding.verdict
    assert (verdict.kind, verdict.culprit, verdict.cause, verdict.limit) == (
        "serial",
        "server",
        "server-width",
        1,
    )
    unknown = judge_visit(visited(both, plain), None, load_alone(200)).finding.verdict
    assert unknown.kind == "undecided"
    assert "not seen from outside" in unknown.doubts[0]


def test_pages_that_wait_for_each_other_are_not_called_parallel():
    """The second page asks only when the first has its answer, and nothing of the network says why."""
    waits = evidence(
        client(0, 540), client(1, 1_600), document(0, 20), document(1, 22),
        netlog(10, DATA, 30, 31, 530), netlog(11, DATA + "?2", 1_090, 1_091, 1_590),
        asked(0, PAGE, 1, 21, "document"), asked(1, PAGE, 1, 23, "document"),
        asked(0, DATA, 29, 532), asked(1, DATA + "?2", 1_089, 1_592),
        tabs=2, ended_ms=1_600,
    )  # fmt: skip
    verdict = judge_visit(visited(waits, plain), None, load_alone(530)).finding.verdict
    assert verdict.kind == "undecided"
    assert "wait for each other" in verdict.doubts[0]


def test_a_websocket_is_there_when_its_handshake_is_answered():
    chat = "ws://127.0.0.1:8000/chat"
    life = Span("WEBSOCKET", 30 * MS, None)
    socket = netlog(10, chat, 30, 31, 430)
    page = evidence(
        client(0, 900), document(0, 20), replace(socket, spans=(*socket.spans, life)),
        asked(0, PAGE, 1, 21, "document"), asked(0, chat, 30, 900, "websocket"),
        tabs=1, ended_ms=900,
    )  # fmt: skip
    ends = {t.url: t.end_ns // MS for t in visited(page, plain).case.timelines}
    assert ends[chat] == 430


def test_tabs_that_could_not_load_prove_nothing():
    refused = evidence(
        client(0, 0, "net::ERR_CONNECTION_REFUSED"), client(1, 20), document(1, 20), tabs=2, ended_ms=20
    )
    verdict = judge_visit(visited(refused, plain), None).finding.verdict
    assert verdict.kind == "undecided"
    assert "ERR_CONNECTION_REFUSED" in verdict.doubts[0]


def test_answers_that_are_errors_prove_nothing():
    """A limit_req of nginx without delay: five of ten are served, the others get 503 at once."""
    tracks = [client(0, 500), document(0, 500), client(1, 20), document(1, 20)]
    for track in tracks[2:]:
        track.facts["status"] = 503
    verdict = judge_visit(visited(evidence(*tracks, tabs=2, ended_ms=500), plain), None).finding.verdict
    assert verdict.kind == "undecided"
    assert "1 of 2 were answered with an error (status 503)" in verdict.doubts[0]


def test_passing_on_a_quick_answer_is_the_browsers_pace():
    quick = evidence(
        client(0, 40), client(1, 240), document(0, 12), netlog(1, PAGE, 1, 230, 235, via="http://127.0.0.1:9001/tab-1"),
        tabs=2, ended_ms=240,
    )  # fmt: skip
    alone = {"127.0.0.1:8000/page": 10 * MS}
    verdict = judge_visit(
        visited(replace(quick, alone_ns=alone), plain), None, load_alone(12)
    ).finding.verdict
    assert verdict.kind == "concurrent"


def test_websockets_that_got_no_connection_belong_to_the_tabs_that_have_others():
    socket = "ws://127.0.0.1:8000/ticker"
    opened = [netlog(10 + tab, f"{socket}?{tab}", 20, 21, 30) for tab in (0, 1)]
    waiting = [
        Track("netlog", f"{number}.0", f"{socket}?next", (Span("STALL", 40 * MS, None),), facts={"leg": 0})
        for number in (20, 21)
    ]
    tracks = [client(0, 900), client(1, 900), document(0, 10), document(1, 10), *opened, *waiting]
    pages = [asked(tab, f"{socket}?{tab}", 20, 30, "websocket") for tab in (0, 1)]
    seen = visited(evidence(*tracks, *pages, tabs=2, ended_ms=900), plain)
    held = [t.index for t in seen.case.timelines if t.url.endswith("?next")]
    assert sorted(seen.tabs[index] for index in held) == [0, 1]


def websocket(number: int, opened_ms: int, closed_ms: int | None) -> Track:
    """A WebSocket whose handshake took 5 ms; it stays open."""
    spans = (
        Span("REQUEST_ALIVE", opened_ms * MS, (opened_ms + 5) * MS),
        Span("HTTP_TRANSACTION_SEND_REQUEST", opened_ms * MS, opened_ms * MS),
        Span("HTTP_TRANSACTION_READ_HEADERS", opened_ms * MS, (opened_ms + 5) * MS),
        Span("WEBSOCKET", (opened_ms + 5) * MS, closed_ms and closed_ms * MS),
    )
    known = {"request": number, "leg": 0, "status": 101}
    return Track("netlog", f"{number}.0", f"{SOCKET}?{number}", spans, facts=known)


def heard(number: int, at_ms: int, failed: str | None = None) -> Track:
    span = Span("asked", at_ms * MS, at_ms * MS if failed else None)
    facts = {"kind": "websocket", "failed": failed}
    return Track("page", f"w{number}", f"{SOCKET}?{number}", (span,), index=0, facts=facts)


def test_websockets_that_a_renderer_refuses_are_the_limit_though_nobody_waited():
    opened = [websocket(number, 30 + number, None) for number in range(10, 17)]
    closed = websocket(17, 60, 70)
    late = websocket(18, 75, None)
    told = [heard(number, 31 + number) for number in range(10, 17)] + [heard(17, 61), heard(18, 76)]
    refused = [heard(number, 29, "Insufficient resources") for number in (20, 21)]
    visit = visited(
        evidence(
            *(client(0, 120), document(0, 20), asked(0, PAGE, 1, 21, "document")),
            *(*opened, closed, late, *told, *refused),
            tabs=1,
            ended_ms=120,
        ),
        plain,
    )
    found = judge_visit(visit, None, load_alone(120))
    assert (found.finding.verdict.kind, found.finding.verdict.cause) == ("limited", "websocket-limit")
    assert found.finding.verdict.limit == 8  # the one that was closed made room
    assert found.finding.verdict.because[0].startswith("2 of 11 WebSockets were refused at once")
    assert [request.error for request in found.finding.requests][-2:] == ["Insufficient resources"] * 2


def test_websockets_that_got_room_only_when_the_first_tab_was_closed_had_waited_for_it():
    """Two tabs open one each and ask for another, which the pool holds until the trial is over."""
    opened = [websocket(number, 30 + number, 4_005) for number in (11, 12)]
    told = [replace(heard(number, 31 + number), index=number - 11) for number in (11, 12)]
    late = [
        replace(
            websocket(number, 4_001, None),
            spans=(
                Span("REQUEST_ALIVE", 40 * MS, 4_006 * MS),
                Span("STALL", 40 * MS, (4_001 if number == 13 else 4_005) * MS, {"limit": "pool"}),
                *([Span("HTTP_TRANSACTION_SEND_REQUEST", 4_002 * MS, 4_002 * MS)] if number == 13 else []),
            ),
        )
        for number in (13, 14)
    ]
    visit = visited(
        evidence(
            *(client(tab, 4_000, error="no answer within 4 s") for tab in (0, 1)),
            *(document(0, 20), document(1, 20)),
            *(*opened, *told, *late),
            tabs=2,
            ended_ms=4_000,
        ),
        plain,
    )
    found = judge_visit(visit, None, load_alone(30)).finding
    assert found.verdict.cause == "websocket-limit"
    assert found.waiting_ns["websocket-limit"] == pytest.approx(7_920 * MS, rel=0.02)


def test_an_event_stream_is_there_with_its_headers_and_named_as_what_holds_the_connection():
    events = "http://127.0.0.1:8000/events"
    stream = netlog(0, events, 1, 2, 10, group="g")
    stream = replace(stream, spans=(*stream.spans[1:], Span("HTTP_TRANSACTION_READ_BODY", 11 * MS, None)))
    stalled = Track(
        "netlog",
        "1.0",
        events,
        (Span("REQUEST_ALIVE", 1 * MS, None), Span("STALL", 3 * MS, None, {"limit": "group"})),
        facts={"request": 1, "leg": 0, "group": "g"},
    )
    case = evidence(
        client(0, 12),
        client(1, 0, error="no answer within 5 s"),
        stream,
        stalled,
        asked(1, events, 1, 5000, kind="eventsource"),
        asked(0, events, 1, 10, kind="eventsource"),
        tabs=2,
        ended_ms=5000,
    )
    judged = judge_visit(visited(case, plain), None)
    assert [request.end_ns for request in judged.finding.requests] == [10 * MS, 5000 * MS]
    assert judged.finding.verdict.cause == "host-limit"
    assert any(
        "held all that time by answers that stay open: /events" in line
        for line in judged.finding.verdict.because
    )
