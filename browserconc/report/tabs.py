"""One bar for each tab of a page: what its load waited for, instead of each of its requests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from browserconc.model.finding import RequestFinding, Result, Slice, TrialFinding

BETWEEN = "browser-overhead"
"""Between two requests that a load waited for the page itself was at work."""


def one_bar_per_tab(result: Result) -> Result:
    """The result with every page's critical requests joined, tab by tab; others are left as they are."""
    return replace(result, trials=tuple(map(_joined, result.trials)))


def _joined(trial: TrialFinding) -> TrialFinding:
    tabs = [request.tab for request in trial.requests]
    if None in tabs or len(set(tabs)) == len(tabs):
        return trial
    by_tab: dict[int, list[RequestFinding]] = defaultdict(list)
    for request in trial.requests:
        if request.critical and request.tab is not None:
            by_tab[request.tab].append(request)
    bars = tuple(_bar(tab, requests) for tab, requests in sorted(by_tab.items()))
    return replace(trial, requests=bars)


def _bar(tab: int, requests: list[RequestFinding]) -> RequestFinding:
    requests = sorted(requests, key=lambda request: request.start_ns)
    slices: list[Slice] = []
    reached_ns = 0
    for request, after in zip(requests, [*requests[1:], None], strict=True):
        until_ns = min(request.end_ns, after.start_ns) if after else request.end_ns
        if request.start_ns > reached_ns:
            slices.append(Slice(BETWEEN, reached_ns, request.start_ns))
            reached_ns = request.start_ns
        for piece in request.slices:
            begin, end = max(piece.start_ns, reached_ns), min(piece.end_ns, until_ns)
            if end > begin:
                slices.append(replace(piece, start_ns=begin, end_ns=end))
                reached_ns = end
    longest = max(requests, key=lambda request: request.end_ns - request.start_ns)
    error = next((request.error for request in requests if request.error), None)
    return replace(longest, index=tab, start_ns=0, end_ns=reached_ns, error=error, slices=tuple(slices))
