"""A ledger that grows: what is in flight, by worker, and the page that shows it."""

from __future__ import annotations

from pathlib import Path

from browserconc.evidence.ledger import FILE, Ledger
from browserconc.evidence.ledger_live import Live, Now
from browserconc.lab.status_page import page
from browserconc.report.serve_view import workers


def test_what_started_and_has_not_ended_is_in_flight(tmp_path: Path) -> None:
    ledger, live = Ledger(tmp_path / FILE, lambda: "worker-1"), Live(tmp_path / FILE)
    assert live.look() == Now(0, 0, 0, ())
    keys = [ledger.started(port=n, host="h", method="GET", path=f"/slow?tab={n}") for n in range(3)]
    assert live.look().in_flight == 3
    ledger.ended(keys[0], 200, None)
    now = live.look()
    assert (now.in_flight, now.most, now.done) == (2, 3, 1)
    (worker,) = now.workers
    assert (worker.thread, worker.in_flight, worker.done) == ("worker-1", 2, 1)
    assert "##" in workers(now)[1]


def test_the_status_page_does_not_count_itself(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / FILE)
    for path in ("/", "/?a=1", "/favicon.ico"):
        ledger.started(port=1, host="h", method="GET", path=path)
    assert Live(tmp_path / FILE).look().in_flight == 0


def test_half_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    ledger, live = Ledger(tmp_path / FILE), Live(tmp_path / FILE)
    ledger.started(port=1, host="h", method="GET", path="/slow")
    line = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(line[:20])
    assert live.look().in_flight == 0
    (tmp_path / FILE).write_bytes(line)
    assert live.look().in_flight == 1


def test_the_page_says_how_many_and_escapes_names(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / FILE, lambda: "<marquee>")
    ledger.started(port=1, host="h", method="GET", path="/slow")
    text = page(tmp_path / FILE).decode()
    assert "<b>1</b> in flight" in text
    assert "<marquee>" not in text
    assert "&lt;marquee&gt;" in text
    assert page(None).startswith(b"<!doctype html>")


def test_a_crowd_of_workers_is_summed_up(tmp_path: Path) -> None:
    names = iter(range(100))
    ledger = Ledger(tmp_path / FILE, lambda: f"thread-{next(names)}")
    for _ in range(40):
        ledger.started(port=1, host="h", method="GET", path="/slow")
    assert workers(Live(tmp_path / FILE).look())[-1] == "  and 28 more, with 28 in flight"
    assert "and 10 more" in page(tmp_path / FILE).decode()
