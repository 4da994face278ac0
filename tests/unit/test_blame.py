"""Of browser and server the one is named that the tabs waited for."""

from __future__ import annotations

from dataclasses import replace

from browserconc.analysis.blame import decided
from browserconc.model.finding import Concurrency, Kind, RequestFinding, TrialFinding, Verdict
from browserconc.model.outside import ServerView

URL = "http://127.0.0.1:8000/report"
SECOND = 1_000_000_000


def verdict(kind: Kind, limit: int | None, culprit: str | None, cause: str | None) -> Verdict:
    return Verdict(kind, limit, culprit, cause, 0.9 if cause else 0.0, (), ("it was seen",))  # type: ignore[arg-type]


def trial(seconds: float, found: Verdict, requests: int = 10, status: int = 200) -> TrialFinding:
    one = RequestFinding(
        0, URL, status, None, 0, round(seconds * SECOND), None, None, None, (), tab=0, critical=True
    )
    return TrialFinding(
        "t", "tabs", None, URL, 10, None, 1, None, round(seconds * SECOND), None, Concurrency(1, 1, 1.0),
        found, {}, None, (one,) * requests,
    )  # fmt: skip


def server(limit: int | None, cause: str | None, silence: int | None = None) -> ServerView:
    return ServerView(limit, cause, "server" if cause else None, ("seen",), SECOND, (), silence=silence)


LOCKED = verdict("serial", 1, "browser", "cache-lock")
SIX = verdict("limited", 6, "browser", "host-limit")
FREE = verdict("concurrent", None, None, None)
QUEUED = verdict("serial", 1, "server", "server-width")


def named(tabs: TrialFinding, raw: TrialFinding | None, view: ServerView | None) -> tuple[str | None, object]:
    found = decided(tabs, raw, view, URL)
    return found.cause, found.limit


def test_a_server_that_is_as_narrow_as_the_browser_is_named():
    assert named(trial(5, LOCKED), trial(5, QUEUED), server(1, "server-width")) == ("server-width", 1)
    assert named(trial(2.5, SIX), trial(2.5, QUEUED), server(4, "server-width")) == ("server-width", 4)


def test_a_server_that_is_wider_than_the_browser_is_not():
    assert named(trial(5, LOCKED), trial(1.5, QUEUED), server(4, "server-width")) == ("cache-lock", 1)
    assert named(trial(5, LOCKED), trial(0.5, FREE), server(None, None)) == ("cache-lock", 1)


def test_a_limit_that_accounts_for_a_moment_is_not_named_for_a_long_wait():
    """A document of 5 ms on one core, and tabs that wait 12 s for a connection."""
    assert named(trial(12.8, SIX), trial(0.03, QUEUED), server(1, "server-cpu")) == ("host-limit", 6)


def test_a_limit_on_each_of_many_requests_accounts_for_them_all():
    tabs = trial(12, SIX, requests=240)
    assert named(tabs, trial(0.5, QUEUED), server(1, "server-width")) == ("server-width", 1)


def test_tabs_that_were_refused_did_not_run_at_once():
    refused = trial(0.3, FREE, status=429)
    assert named(refused, trial(0.3, FREE), server(None, "rate-limit")) == ("rate-limit", None)
    assert named(trial(0.3, FREE), trial(0.3, FREE), server(3, "rate-limit")) == (None, None)


def test_kept_connections_that_stop_a_server_are_named():
    width = server(1, "server-width", silence=1)
    assert named(trial(18, QUEUED), trial(5, QUEUED), width) == ("idle-connection", 1)
    assert named(trial(5.5, QUEUED), trial(5, QUEUED), width) == ("server-width", 1)
    assert named(trial(18, QUEUED), trial(5, QUEUED), server(1, "server-width")) == ("server-width", 1)


def test_a_width_that_all_tabs_fit_into_holds_none_back():
    """PHP's workers: one took two of six requests while eleven had none."""
    queued = verdict("limited", 17, "server", "server-width")
    found = decided(trial(1.03, queued), trial(0.5, FREE), server(17, "server-width"), URL)
    assert (found.kind, found.cause, found.limit) == ("undecided", None, None)
    assert "more than there are tabs" in found.doubts[0]


def test_without_a_server_the_browser_is_believed():
    assert named(trial(5, LOCKED), None, None) == ("cache-lock", 1)


def test_of_workers_that_accept_unevenly_at_least_so_many_is_no_number():
    some = replace(server(None, "server-width"), at_least=3)
    queued = verdict("limited", 3, "server", "server-width")
    found = decided(trial(2, queued), trial(1, FREE), some, URL)
    assert (found.kind, found.cause, found.limit) == ("limited", "server-width", None)
    enough = decided(trial(2, queued), trial(1, FREE), replace(some, at_least=14), URL)
    assert (enough.kind, enough.limit) == ("undecided", None)
    assert "at least 14 requests at once" in enough.doubts[0]
