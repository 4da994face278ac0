"""The socket pool towards one proxy is full: all hosts behind the proxy share it.

It is smaller than the pool for connections without a proxy, and each browser context has its own. How
many sockets it holds is the browser's own: randomised in current Chromium, so it is counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.analysis.socket_pools import PROXY, sockets_when_stalled, stalled
from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    track = timeline.tracks.get("netlog")
    found = stalled(track) if track else None
    if track and found and found[0] == PROXY:
        end_ns = timeline.end_ns if found[1].end_ns is None else found[1].end_ns
        proxy = str(track.facts.get("proxy")).strip("[]")
        yield Claim(PROXY, found[1].start_ns, end_ns, f"for a connection to the proxy {proxy}")


def _limit(case: Case) -> int | None:
    stated = case.evidence.facts.get(PROXY)
    if isinstance(stated, int):
        return stated
    return sockets_when_stalled(case.evidence.tracks, case.evidence.ended_ns, PROXY)


CAUSE = Cause(
    id=PROXY,
    title="proxy limit",
    culprit="browser",
    what="The socket pool of one browser context towards one proxy holds only so many connections, to all "
    "hosts behind it together.",
    recognised="SOCKET_POOL_STALLED_MAX_SOCKETS in the NetLog for a request that goes through a proxy.",
    remedy="No proxy for these hosts, a browser context per group of tabs, or a second proxy.",
    claims=_claims,
    needs=frozenset({"netlog"}),
    limits=True,
    limit=_limit,
    threads=("salvadordf/CEF4Delphi#302",),
)
