"""What all trials say together: the naive test, the raw client, and the cheapest way out."""

from dataclasses import replace

from browserconc.analysis.conclusion import conclude
from browserconc.model.finding import Concurrency, Cost, RequestFinding, TrialFinding, Verdict

MS = 1_000_000


def trial(
    strategy, kind, took_ms, *, limit=None, culprit=None, cause=None, memory=0, server="werkzeug-threaded"
):
    request = RequestFinding(0, "http://127.0.0.1/", 200, None, 0, took_ms * MS, 1, False, None, ())
    cost = Cost(memory * 10_000_000, 0, 0) if strategy != "raw-socket" else None
    return TrialFinding(
        id=f"{strategy}-{server}",
        strategy=strategy,
        server=server,
        url="http://127.0.0.1/slow",
        tabs=10,
        delay_ns=500 * MS,
        repeat=1,
        start_spread_ns=0,
        makespan_ns=took_ms * MS,
        ideal_ns=500 * MS,
        concurrency=Concurrency(limit or 10, 10, 1.0),
        verdict=Verdict(kind, limit, culprit, cause, 0.95, ()),
        waiting_ns={"unattributed": 0},
        cost=cost,
        requests=(request,) * 10,
    )


RAW = trial("raw-socket", "concurrent", 510)
TABS = trial("tabs", "serial", 5050, limit=1, culprit="browser", cause="cache-lock", memory=16)
DISTINCT = trial("tabs-distinct", "limited", 1050, limit=6, culprit="browser", cause="host-limit", memory=16)
HOSTS = trial("tabs-hosts", "concurrent", 560, memory=16)
CONTEXTS = trial("contexts", "concurrent", 570, memory=60)


def test_the_browser_is_blamed_and_the_skew_is_the_ratio():
    found = conclude([RAW, TABS, DISTINCT, HOSTS, CONTEXTS])
    assert (found.culprit, found.cause, found.browser_limit, found.server_limit) == (
        "browser",
        "cache-lock",
        1,
        None,
    )
    assert found.skew == 5050 / 510
    assert "9.9 times slower" in found.summary


def test_remedies_are_those_that_were_run_and_helped_cheapest_first():
    found = conclude([RAW, TABS, CONTEXTS, DISTINCT, HOSTS])
    assert [remedy.trial for remedy in found.remedies] == [
        "tabs-hosts-werkzeug-threaded",
        "tabs-distinct-werkzeug-threaded",
        "contexts-werkzeug-threaded",
    ]
    assert all(remedy.proven and remedy.cause_removed == "cache-lock" for remedy in found.remedies)


def test_a_trial_that_was_no_faster_is_no_remedy():
    slow = replace(CONTEXTS, makespan_ns=TABS.makespan_ns)
    assert not conclude([RAW, TABS, slow]).remedies


def test_an_undecided_trial_proves_nothing():
    unsure = replace(CONTEXTS, verdict=Verdict("undecided", None, None, None, 0.0, ("why",)))
    assert not conclude([RAW, TABS, unsure]).remedies


def test_the_server_is_blamed_where_raw_sockets_show_the_same():
    width = {"limit": 4, "culprit": "server", "cause": "server-width", "server": "gunicorn-sync:4"}
    raw = trial("raw-socket", "limited", 1510, **width)
    tabs = trial("tabs-distinct", "limited", 1530, **width)
    wider = trial("raw-socket", "concurrent", 520, server="gunicorn-sync:10")
    found = conclude([raw, tabs, wider])
    assert (found.culprit, found.server_limit, found.browser_limit) == ("server", 4, None)
    assert [remedy.change for remedy in found.remedies] == [
        "serve with gunicorn-sync:10 instead of gunicorn-sync:4"
    ]


def test_of_repeats_the_commonest_verdict_counts():
    odd = replace(TABS, verdict=Verdict("undecided", None, None, None, 0.0, ("why",)), repeat=3)
    found = conclude([RAW, TABS, replace(TABS, repeat=2), odd])
    assert found.cause == "cache-lock"


def test_nothing_measured_is_said():
    assert conclude([]).summary == "Nothing was measured."
    nothing = replace(
        TABS, requests=(), verdict=Verdict("undecided", None, None, None, 0.0, ("No browser.",))
    )
    assert conclude([nothing]).summary == "No browser."
