"""Do pages wait for each other's transactions? Nothing says so, but tabs that share no storage would not.

A read-write transaction of IndexedDB keeps out all others on the same stores, in all tabs of an origin
(https://w3c.github.io/IndexedDB/#transaction-scheduling), and no log and no question to the browser
shows who waits. So it is suspected where pages that keep a database did nothing for long, and shown by tabs
in contexts of their own, which do the same without that wait.
"""

from __future__ import annotations

from collections.abc import Sequence

from browserconc.analysis.service import host_and_path
from browserconc.analysis.slow_pages import idle_ns
from browserconc.analysis.visit_verdict import Judged
from browserconc.model.finding import Verdict

CAUSE = "web-lock"
APART = "contexts"
LEFT = 0.4
"""Of the time in which tabs did nothing at most this part may be left where they share no storage."""


def confirmed(verdict: Verdict, judged: Sequence[Judged], alone: Judged | None) -> Verdict:
    """The verdict on the tabs, with its suspicion made sure by the tabs that share nothing, if it was."""
    together = next((one for one in judged if one.finding.verdict is verdict), None)
    apart = next((one for one in judged if one.finding.strategy == APART), None)
    if verdict.suspect != CAUSE or together is None or apart is None or not _did_the_same(together, apart):
        return verdict
    usual = max(map(idle_ns, alone.loads), default=0) if alone else 0
    before, after = (max(map(idle_ns, one.loads), default=0) - usual for one in (together, apart))
    if after > LEFT * before:
        return verdict
    because = (
        f"Tabs asked for nothing for up to {before / 1e9:.2f} s longer than one alone; in contexts of their "
        f"own, which share no storage, for {max(0, after) / 1e9:.2f} s. The page keeps a database of "
        "IndexedDB, whose read-write transactions exclude each other.",
    )
    doubt = (
        "The browser does not say who waits for a transaction of IndexedDB; another way in which tabs of a "
        "profile wait for each other, such as a shared worker, gives the same picture."
    )
    waited = sum(idle_ns(load) for load in together.loads) - len(together.loads) * (usual + max(0, after))
    spent = sum(together.finding.waiting_ns.values())
    share = min(1.0, max(0, waited) / spent) if spent else 0.0
    doubts = (doubt, *verdict.doubts[1:])  # the first said why it was undecided
    return Verdict("serial", 1, "page", CAUSE, share, doubts, (*because, *verdict.because))


def _did_the_same(one: Judged, other: Judged) -> bool:
    """Did the tabs of both load, with the same requests answered? A cache's answer has no status."""
    asked = [
        {(host_and_path(request.url), (request.status or 200) // 100) for request in each.finding.requests}
        for each in (one, other)
    ]
    return asked[0] == asked[1] and all(load.error is None for load in (*one.loads, *other.loads))
