"""What all experiments of a diagnosis say together, and what is tried next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from browserconc.analysis import diagnosis, remedies, shared_storage
from browserconc.analysis.unusable import unusable
from browserconc.analysis.visit_verdict import Judged
from browserconc.model.finding import (
    SERVICE,
    Concurrency,
    Culprit,
    Environment,
    RequestFinding,
    Result,
    Slice,
    TrialFinding,
    Verdict,
)
from browserconc.model.outside import ServerView

MS = 1_000_000
URL = "http://127.0.0.1:8000/slow"
HERE = Environment("0", "3", "Linux", 2, 1, None)


def load(tab: int, *parts: tuple[str, int], error: str | None = None, status: int = 200) -> RequestFinding:
    at = 0
    slices = []
    for cause, length in parts:
        slices.append(Slice(cause, at * MS, (at + length) * MS))
        at += length
    return RequestFinding(tab, URL, status, error, 0, at * MS, None, None, None, tuple(slices), tab=tab)


def judged(
    strategy: str,
    verdict: tuple[str, int | None, Culprit | None, str | None],
    *loads: RequestFinding,
    sustained: int = 1,
) -> Judged:
    kind, limit, culprit, cause = verdict
    finding = TrialFinding(
        id=strategy,
        strategy=strategy,
        server=None,
        url=URL,
        tabs=len(loads),
        delay_ns=None,
        repeat=1,
        start_spread_ns=None,
        makespan_ns=max(one.end_ns for one in loads),
        ideal_ns=None,
        concurrency=Concurrency(sustained, sustained, 1.0),
        verdict=Verdict(kind, limit, culprit, cause, 0.9 if cause else 0.0, ()),  # type: ignore[arg-type]
        waiting_ns={},
        cost=None,
        requests=loads,
    )
    return Judged(finding, loads)


ALONE = judged("contexts", ("concurrent", None, None, None), load(0, (SERVICE, 500)))
LOCKED = judged(
    "tabs",
    ("serial", 1, "browser", "cache-lock"),
    *(load(tab, ("cache-lock", 500 * tab), (SERVICE, 500)) for tab in range(4)),
)
FREE = judged(
    "contexts",
    ("concurrent", None, None, None),
    *(load(tab, (SERVICE, 500)) for tab in range(4)),
    sustained=4,
)
RAW = judged(
    "raw-socket",
    ("concurrent", None, None, None),
    *(load(tab, (SERVICE, 500)) for tab in range(4)),
    sustained=4,
)


def server(limit: int | None, cause: str | None) -> ServerView:
    return ServerView(
        limit, cause, "server" if cause else None, ("seen",), 500 * MS, (), None if cause else 12
    )


def conclude(*trials: Judged, view: ServerView | None = None):
    return diagnosis.conclude(trials, ALONE, view, URL, ())


def test_a_browser_that_holds_tabs_back_before_a_free_server_is_the_culprit():
    found = conclude(RAW, LOCKED, FREE, view=server(None, None))
    assert (found.culprit, found.cause, found.limit) == ("browser", "cache-lock", 1)
    assert (found.server_limit, found.browser_limit) == (None, 1)
    assert found.skew == pytest.approx(4)
    assert [remedy.trial for remedy in found.remedies] == ["contexts"]
    assert "The server is not the reason" in found.summary


def test_where_both_let_as_few_through_it_is_the_server():
    found = conclude(RAW, LOCKED, view=server(1, "server-width"))
    assert (found.culprit, found.cause, found.limit) == ("server", "server-width", 1)
    assert (found.server_limit, found.browser_limit) == (1, 1)
    assert found.advice
    assert any("--ledger" in doubt for doubt in found.doubts)


def test_a_server_wider_than_the_browser_is_mentioned_and_not_blamed():
    found = conclude(RAW, LOCKED, view=server(2, "server-width"))
    assert found.culprit == "browser"
    assert found.server_limit == 2
    assert "2 at once by raw sockets" in found.summary


def test_tabs_that_loaded_in_parallel_have_no_problem_whatever_the_server_does_with_more():
    tabs = judged("tabs", ("concurrent", None, None, None), *FREE.loads, sustained=4)
    found = conclude(RAW, tabs, view=server(2, "server-width"))
    assert (found.culprit, found.cause, found.limit) == (None, None, None)
    assert "No problem" in found.summary


def test_tabs_that_were_refused_did_not_load_in_parallel():
    refused = [load(tab, (SERVICE, 5), status=429 if tab else 200) for tab in range(4)]
    tabs = judged("tabs", ("concurrent", None, None, None), *refused, sustained=4)
    found = conclude(RAW, tabs, view=server(1, "rate-limit"))
    assert (found.culprit, found.cause) == ("server", "rate-limit")
    assert "3 of 4 got no /slow but status 429" in found.summary
    assert "0 %" not in found.summary


def test_tabs_that_took_much_longer_than_one_alone_are_not_called_no_problem():
    """Twenty-five pictures in each of ten tabs, a few ms each, over six connections."""
    late = [load(tab, (IDLE, 900), ("host-limit", 300), (SERVICE, 500)) for tab in range(4)]
    tabs = judged("tabs", NO_VERDICT, *late, sustained=4)
    waited = replace(tabs.finding, waiting_ns={IDLE: 3600 * MS, "host-limit": 1200 * MS, "unattributed": 0})
    tabs = replace(tabs, finding=waited)
    summary = conclude(RAW, tabs, view=server(None, None)).summary
    assert "No problem" not in summary
    assert "this adds up: browser 75 %, host limit 25 %" in summary


def test_a_trial_that_failed_or_was_no_faster_is_no_way_out():
    failed = judged(
        "contexts", ("concurrent", None, None, None), *(load(t, (SERVICE, 5), error="net") for t in range(4))
    )
    slow = judged(
        "no-cache", ("concurrent", None, None, None), *(load(t, (SERVICE, 1_990)) for t in range(4))
    )
    assert conclude(RAW, LOCKED, failed, slow, view=server(None, None)).remedies == ()


def test_what_helped_is_a_way_out_though_another_limit_stays_undecided():
    """Contexts take PHP's session lock away; then its five workers hold the tabs, unseen."""
    others = judged(
        "contexts", ("undecided", None, None, None), *(load(t, (SERVICE, 700)) for t in range(4)), sustained=3
    )
    way = conclude(RAW, LOCKED, others, view=server(1, "session-lock"))
    assert [(remedy.trial, remedy.limit, remedy.proven) for remedy in way.remedies] == [("contexts", 3, True)]
    assert way.advice  # what the tabs can do is not all that the server can
    little = judged(
        "contexts", ("undecided", None, None, None), *(load(t, (SERVICE, 1_500)) for t in range(4))
    )
    assert conclude(RAW, LOCKED, little, view=server(1, "session-lock")).remedies == ()


def test_without_tabs_nothing_is_concluded():
    found = conclude(RAW)
    assert (found.culprit, found.cause) == (None, None)
    assert found.summary == "No tabs were measured."


def test_an_address_that_does_not_answer_is_named_where_nothing_else_is_in_the_way():
    tabs = judged("tabs", ("concurrent", None, None, None), *FREE.loads, sustained=4)
    view = server(None, None)
    found = diagnosis.conclude([RAW, tabs], ALONE, view, URL, (), ("::1",))
    assert (found.culprit, found.cause, found.limit) == ("network", "localhost-ipv6", None)
    assert "[::1] did not answer" in found.because[0]
    held = diagnosis.conclude([RAW, LOCKED], ALONE, view, URL, (), ("::1",))
    assert held.cause == "cache-lock"


def tried(view: ServerView, *, on_document: bool = True, loopback: bool = True) -> tuple[str, ...]:
    result = Result("diagnose", HERE, (RAW.finding, LOCKED.finding), conclude(RAW, LOCKED, view=view))
    return remedies.to_try(result, view, on_document=on_document, loopback=loopback)


def test_what_would_remove_the_cause_is_tried():
    assert tried(server(None, None)) == ("tabs-distinct", "tabs-hosts", "contexts")


def test_a_query_of_the_page_does_not_change_its_parts():
    assert tried(server(None, None), on_document=False) == ("no-cache", "tabs-hosts", "contexts")


def test_other_names_exist_for_this_machine_only():
    assert "tabs-hosts" not in tried(server(None, None), loopback=False)


def test_nothing_is_tried_against_a_server_that_is_no_wider():
    assert tried(server(1, "server-width")) == ()


def test_a_session_lock_is_tried_with_sessions_of_their_own():
    assert tried(server(1, "session-lock")) == ("contexts",)


def refusal(error: str | None, status: int = 200) -> str | None:
    one = judged(
        "contexts", ("undecided", None, None, None), load(0, (SERVICE, 5), error=error, status=status)
    )
    return unusable(one, None, URL)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("net::ERR_CERT_AUTHORITY_INVALID at http://127.0.0.1:4711/tab-0", "--ignore-https-errors"),
        ("net::ERR_TOO_MANY_REDIRECTS at http://127.0.0.1:4711/tab-0", "redirects in a circle"),
        ("Download is starting", "a download"),
        ("Page crashed", "The tab crashed"),
        ("no answer within 30 s", "--timeout"),
        ("net::ERR_HTTP2_PROTOCOL_ERROR at http://127.0.0.1:4711/tab-0", "ERR_HTTP2_PROTOCOL_ERROR"),
    ],
)
def test_a_load_that_failed_is_a_sentence_without_our_own_addresses(error: str, said: str):
    sentence = refusal(error)
    assert sentence
    assert said in sentence
    assert "4711" not in sentence
    assert sentence.endswith(".")


def test_who_has_no_rights_is_told_how_to_get_them():
    assert "--login" in (refusal(None, status=401) or "")
    assert refusal(None, status=204) is None
    assert unusable(None, "The browser did not start.", URL) == "The browser did not start."


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "http or https"),
        (404, "check the path"),
        (405, "--method"),
        (418, "address"),
        (429, "limit"),
        (500, "log"),
        (503, "log"),
    ],
)
def test_an_error_is_no_page_to_measure(status: int, said: str):
    """Quick refusals look parallel; "no problem" would be said of a mistyped path."""
    sentence = refusal(None, status=status)
    assert sentence
    assert f"answers {status} even to one tab alone" in sentence
    assert said in sentence


IDLE = "browser-overhead"
NO_VERDICT: tuple[str, None, None, None] = ("concurrent", None, None, None)


def idle(strategy: str, *idle_ms: int, suspect: str | None = None) -> Judged:
    tabs = [load(tab, (IDLE, idle_ms[tab]), (SERVICE, 500)) for tab in range(len(idle_ms))]
    kind = "undecided" if suspect else "concurrent"
    one = judged(strategy, (kind, None, None, None), *tabs)
    said = replace(one.finding.verdict, suspect=suspect, doubts=("why it is undecided",) if suspect else ())
    waiting = {IDLE: sum(idle_ms) * MS}
    return replace(one, finding=replace(one.finding, verdict=said, waiting_ns=waiting))


def test_pages_that_wait_for_each_other_only_where_they_share_storage_hold_a_lock():
    tabs = idle("tabs", 500, 1_000, 1_500, 2_000, suspect="web-lock")
    found = conclude(RAW, tabs, idle("contexts", 910, 950, 930, 920), view=server(None, None))
    assert (found.culprit, found.cause, found.limit) == ("page", "web-lock", 1)
    assert [remedy.trial for remedy in found.remedies] == ["contexts"]
    assert found.share == pytest.approx(3_000 / 5_000)
    assert "does not say who waits" in found.doubts[0]


def test_the_row_of_the_tabs_says_what_the_conclusion_has_found():
    tabs = idle("tabs", 500, 1_000, 1_500, 2_000, suspect="web-lock")
    judged = [tabs, idle("contexts", 910, 950, 930, 920)]
    found = conclude(RAW, *judged, view=server(None, None))
    row, apart = shared_storage.told(judged, found)
    assert (row.verdict.kind, row.verdict.limit, row.verdict.cause) == ("serial", 1, found.cause)
    assert row.verdict.share == found.share
    assert "why it is undecided" not in row.verdict.doubts
    assert apart == judged[1].finding


def test_a_row_stays_undecided_where_the_conclusion_names_something_else():
    judged = [
        idle("tabs", 500, 1_000, 1_500, 2_000, suspect="web-lock"),
        idle("contexts", 910, 950, 930, 920),
    ]
    queue = replace(conclude(RAW, *judged, view=server(None, None)), culprit="server", cause="server-width")
    assert shared_storage.told(judged, queue) == tuple(one.finding for one in judged)


@pytest.mark.parametrize(
    "apart",
    [
        idle("contexts", 500, 900, 1_400, 1_900),  # they wait there, too
        judged("contexts", NO_VERDICT, *(load(tab, (SERVICE, 50), status=302) for tab in range(4))),
        judged("contexts", NO_VERDICT, *(load(tab, (SERVICE, 5), error="x") for tab in range(4))),
    ],
)
def test_a_suspicion_that_no_other_trial_confirms_stays_undecided(apart: Judged):
    tabs = idle("tabs", 500, 1_000, 1_500, 2_000, suspect="web-lock")
    found = conclude(RAW, tabs, apart, view=server(None, None))
    assert (found.culprit, found.cause, found.limit) == (None, None, None)
    assert "Why is undecided: why it is undecided" in found.summary
