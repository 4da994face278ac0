"""Verdicts on small made-up trials: above all, when there must be none."""

from tests.unit.cases import client, judged, ledger, netlog

SIX = {"max_sockets_per_group": 6}


def passage(index, sent, end, *before, details=None):
    """A request's way through the browser: what held it back, then send and answer."""
    return netlog(
        index,
        *before,
        ("HTTP_TRANSACTION_SEND_REQUEST", sent, sent),
        ("HTTP_TRANSACTION_READ_HEADERS", sent, end),
        details=details,
    )


def test_equal_urls_one_after_the_other_are_the_cache_lock():
    tracks = []
    for i in range(5):
        begun, end = i * 500, (i + 1) * 500
        tracks += [
            client(i, end),
            ledger(i, begun, end),
            passage(i, begun, end, ("HTTP_CACHE_ADD_TO_ENTRY", 0, begun)),
        ]
    finding = judged(tracks, stated=None, server="werkzeug-threaded")
    assert (finding.verdict.kind, finding.verdict.limit, finding.verdict.cause) == ("serial", 1, "cache-lock")
    assert finding.verdict.culprit == "browser"
    assert finding.waiting_ns["unattributed"] == 0
    assert finding.verdict.share == 1.0


def test_a_request_that_waited_twice_for_one_thing_is_counted_once():
    tracks = [client(0, 500), ledger(0, 0, 500), passage(0, 0, 500)]
    for i in range(1, 5):
        begun, end = i * 500, (i + 1) * 500
        waits = ("HTTP_CACHE_ADD_TO_ENTRY", 0, 300), ("HTTP_CACHE_ADD_TO_ENTRY", 310, begun)
        tracks += [client(i, end), ledger(i, begun, end), passage(i, begun, end, *waits)]
    finding = judged(tracks, stated=None, server="werkzeug-threaded")
    assert finding.verdict.because[0].startswith("4 of 5 requests waited 0.49 to 1.99 s")


def test_the_same_picture_without_evidence_is_undecided():
    tracks = []
    for i in range(5):
        tracks += [client(i, (i + 1) * 500), ledger(i, i * 500, (i + 1) * 500)]
    finding = judged(tracks, stated=None, server="werkzeug-threaded")
    assert finding.verdict.kind == "undecided"
    assert finding.verdict.cause is None


def stalled(i):
    stall = ("STALL", 0, 500)
    return passage(
        i, 500, 1000, ("HTTP_STREAM_REQUEST", 0, 500), stall, details={"STALL": {"limit": "group"}}
    )


def test_six_then_four_is_the_host_limit_of_the_browsers_own_log():
    tracks = []
    for i in range(6):
        tracks += [client(i, 500), ledger(i, 0, 500), passage(i, 0, 500)]
    for i in range(6, 10):
        tracks += [client(i, 1000), ledger(i, 500, 1000), stalled(i)]
    finding = judged(tracks, strategy="tabs-distinct", stated=None, server="werkzeug-threaded", facts=SIX)
    assert (finding.verdict.kind, finding.verdict.limit, finding.verdict.cause) == (
        "limited",
        6,
        "host-limit",
    )


def test_the_limit_is_counted_where_the_log_does_not_say_it():
    tracks = []
    for i in range(3):
        tracks += [
            client(i, 500),
            ledger(i, 0, 500),
            passage(i, 0, 500, ("HTTP_STREAM_REQUEST", 0, 0)),
        ]
    for i in range(3, 6):
        tracks += [client(i, 1000), ledger(i, 500, 1000), stalled(i)]
    finding = judged(tracks, strategy="tabs-distinct", stated=None, server="werkzeug-threaded")
    assert (finding.verdict.limit, finding.verdict.cause) == (3, "host-limit")


def test_the_narrower_of_two_limits_binds():
    """Four workers behind six connections: some wait in the browser, but the server is the limit."""
    tracks = []
    for i in range(4):
        tracks += [client(i, 500), ledger(i, 0, 500, pid=i), passage(i, 0, 500)]
    for i in (4, 5):
        tracks += [client(i, 1000), ledger(i, 500, 1000, pid=i - 4), passage(i, 0, 1000)]
    for i in (6, 7):
        tracks += [client(i, 1000), ledger(i, 500, 1000, pid=i - 4), stalled(i)]
    finding = judged(tracks, strategy="tabs-distinct", server="gunicorn-sync:4", stated=4, facts=SIX)
    assert (finding.verdict.kind, finding.verdict.limit) == ("limited", 4)
    assert (finding.verdict.cause, finding.verdict.culprit) == ("server-width", "server")


def test_a_server_configured_without_a_limit_has_no_width():
    tracks = []
    for i in range(4):
        tracks += [client(i, (i + 1) * 500, send=0), ledger(i, i * 500, (i + 1) * 500)]
    finding = judged(tracks, strategy="raw-socket", server="werkzeug-threaded", stated=None)
    assert finding.verdict.kind == "undecided"


def test_workers_that_accept_unevenly_are_seen_per_process():
    tracks = [
        client(0, 500, send=0),
        ledger(0, 0, 500, pid=1),
        client(1, 1000, send=0),
        ledger(1, 500, 1000, pid=1),
    ]
    tracks += [client(2, 500, send=0), ledger(2, 0, 500, pid=2)]
    finding = judged(tracks, strategy="raw-socket", server="gunicorn-sync:2", stated=2)
    assert (finding.verdict.cause, finding.verdict.limit) == ("server-width", 2)
    assert any("2 processes took 2, 1 requests" in line for line in finding.verdict.because)


def test_late_starts_are_no_limit_of_the_server():
    tracks = []
    for i in range(4):
        begun = i * 400
        tracks += [client(i, begun + 500, released=begun, send=begun), ledger(i, begun, begun + 500)]
    finding = judged(tracks, strategy="raw-socket", server="werkzeug-threaded", stated=None)
    assert finding.verdict.culprit != "server"
    assert finding.verdict.cause in ("staggered-start", None)


def test_one_request_shows_no_concurrency():
    finding = judged([client(0, 500, send=0), ledger(0, 0, 500)], strategy="raw-socket")
    assert finding.verdict.kind == "undecided"
    assert "--tabs 2" in finding.verdict.doubts[0]


def test_all_failed_is_undecided_and_says_so():
    finding = judged(
        [client(i, 5, send=0, error="connection refused") for i in range(3)], strategy="raw-socket"
    )
    assert finding.verdict.kind == "undecided"
    assert "failed" in finding.verdict.doubts[0]


def test_errors_alone_show_no_concurrency_and_no_late_start():
    """They are so quick that a moment between two starts looks like most of the time."""
    tracks = []
    for i in range(4):
        refused = client(i, 3 * i + 3, released=0, send=3 * i)
        refused.facts["status"] = 500
        tracks += [refused, ledger(i, 3 * i, 3 * i + 3)]
    verdict = judged(tracks, strategy="raw-socket", server="werkzeug-threaded", stated=None).verdict
    assert (verdict.kind, verdict.cause) == ("undecided", None)
    assert "status 500" in verdict.doubts[0]


def test_no_request_is_undecided():
    assert judged([client(0, 1)][:0] or [client(0, 1, error="x")]).verdict.kind == "undecided"


def test_tabs_that_only_reached_the_wire_late_are_concurrent_if_every_stretch_is_explained():
    tracks = []
    for i in range(4):
        sent = 300 if i == 3 else 0
        tracks += [client(i, sent + 500), ledger(i, sent, sent + 500), passage(i, sent, sent + 500)]
    finding = judged(tracks, strategy="contexts", stated=None, server="werkzeug-threaded")
    assert finding.concurrency.sustained == 3
    assert finding.verdict.kind == "concurrent"
    assert any("300 ms apart" in doubt for doubt in finding.verdict.doubts)


def test_a_late_tab_with_an_unexplained_stretch_stays_undecided():
    tracks = []
    for i in range(4):
        sent = 300 if i == 3 else 0
        before = [("HTTP_CACHE_GET_BACKEND", 0, 0)] if i == 3 else []
        tracks += [client(i, sent + 500), ledger(i, sent, sent + 500), passage(i, sent, sent + 500, *before)]
    finding = judged(tracks, strategy="contexts", stated=None, server="werkzeug-threaded")
    assert finding.verdict.kind == "undecided"


def answered_at(*ends):
    return [client(n, end, send=1) for n, end in enumerate(ends)]


def test_without_a_ledger_equal_answers_ran_together():
    found = judged(answered_at(500, 505, 510, 520), server="command:x", stated=None, strategy="raw-socket")
    assert found.verdict.kind == "concurrent"


def test_without_a_ledger_nobody_says_that_answers_one_by_one_ran_together():
    found = judged(answered_at(500, 1000), server="command:x", stated=None, strategy="raw-socket")
    assert found.verdict.kind == "undecided"
    assert "is not known without its ledger" in found.verdict.doubts[0]
