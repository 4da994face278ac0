"""Timers of a tab that nobody sees run late: the browser wakes hidden tabs once a second at most.

Only the tab in front of its window is visible. Automation usually hides this: Playwright tells every tab
that it is visible, and switches the throttling off besides. Network requests themselves are not delayed.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

SHORTEST_NS = 20_000_000
"""A timer of a visible tab is late by a few milliseconds on a busy machine."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    """Between the instant for which the tab's timer was set and the one at which it ran."""
    released = timeline.span("client", "released")
    if released is None or timeline.index not in _hidden(case):
        return
    if released.start_ns - timeline.start_ns >= SHORTEST_NS:
        yield Claim(CAUSE.id, timeline.start_ns, released.start_ns, "for a timer of its hidden tab")


def _hidden(case: Case) -> set[int]:
    """The tabs whose page said that it was not visible when it asked."""
    said = case.evidence.facts.get("hidden_tabs")
    return {int(word) for word in said.split(",") if word} if isinstance(said, str) else set()


CAUSE = Cause(
    id="hidden-tab",
    title="hidden tab",
    culprit="browser",
    what="The tab is hidden behind another one, so the browser delays its timers, by up to a second.",
    recognised="document.visibilityState is hidden, and a timer set by the page runs late.",
    remedy="Bring the tab to the front, or give it a window of its own; automation: the switches "
    "--disable-background-timer-throttling and --disable-renderer-backgrounding.",
    claims=_claims,
    needs=frozenset({"client"}),
    limits=True,
    threads=("puppeteer/puppeteer#3339",),
)
