"""Do pages wait for each other's transactions? Nothing says so, but tabs that share no storage would not.

A read-write transaction of IndexedDB keeps out all others on the same stores, in all tabs of an origin
(https://w3c.github.io/IndexedDB/#transaction-scheduling), and no log and no question to the browser
shows who waits. So it is suspected where pages that keep a database did nothing for long, and shown by tabs
in contexts of their own, which do the same without that wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from browserconc.analysis.remedies import TABS
from browserconc.analysis.service import host_and_path
from browserconc.analysis.slow_pages import idle_ns
from browserconc.analysis.visit_verdict import Judged
from browserconc.model.finding import Conclusion, TrialFinding, Verdict

CAUSE = "web-lock"
APART = "contexts"
LEFT = 0.4
"""So much may be left, where tabs share no storage, of how much longer one did nothing than another."""


def confirmed(verdict: Verdict, judged: Sequence[Judged]) -> Verdict:
    """The verdict on the tabs, with its suspicion made sure by the tabs that share nothing, if it was.

    A lock lets one tab go on after the other, so that each does nothing for longer than the one before. A
    busy machine makes all tabs slow, and more so in contexts of their own, but all alike.
    """
    together = next((one for one in judged if one.finding.verdict is verdict), None)
    apart = next((one for one in judged if one.finding.strategy == APART), None)
    if verdict.suspect != CAUSE or together is None or apart is None or not _did_the_same(together, apart):
        return verdict
    before, after = (sorted(map(idle_ns, one.loads)) for one in (together, apart))
    if after[-1] >= before[-1] or after[-1] - after[0] > LEFT * (before[-1] - before[0]):
        return verdict
    because = (
        f"Tabs asked for nothing for {_range(before)}, one longer than the other; in contexts of their own, "
        f"which share no storage, for {_range(after)}. The page keeps a database of IndexedDB, whose "
        "read-write transactions exclude each other.",
    )
    doubt = (
        "The browser does not say who waits for a transaction of IndexedDB; another way in which tabs of a "
        "profile wait for each other, such as a shared worker, gives the same picture."
    )
    waited = sum(before) - len(before) * before[0]
    spent = sum(together.finding.waiting_ns.values())
    share = min(1.0, waited / spent) if spent else 0.0
    doubts = (doubt, *verdict.doubts[1:])  # the first said why it was undecided
    return Verdict("serial", 1, "page", CAUSE, share, doubts, (*because, *verdict.because))


def told(judged: Sequence[Judged], conclusion: Conclusion) -> tuple[TrialFinding, ...]:
    """The findings, that of the tabs with what it takes another trial to show of them."""
    if conclusion.cause != CAUSE:
        return tuple(one.finding for one in judged)
    return tuple(
        replace(one.finding, verdict=confirmed(one.finding.verdict, judged))
        if one.finding.strategy == TABS
        else one.finding
        for one in judged
    )


def _range(idle: Sequence[int]) -> str:
    return f"{idle[0] / 1e9:.2f} to {idle[-1] / 1e9:.2f} s"


def _did_the_same(one: Judged, other: Judged) -> bool:
    """Did the tabs of both load, with the same requests answered? A cache's answer has no status."""
    asked = [
        {(host_and_path(request.url), (request.status or 200) // 100) for request in each.finding.requests}
        for each in (one, other)
    ]
    return asked[0] == asked[1] and all(load.error is None for load in (*one.loads, *other.loads))
