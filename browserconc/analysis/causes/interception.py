"""The client intercepts requests, which turns the HTTP cache off: the test no longer shows what users get.

Playwright's page.route() and http_credentials (and DevTools' checkbox) send Network.setCacheDisabled, so
equal addresses no longer wait for each other, and every request goes through the client's process. The
network stack sees only the first of it: navigations that bypass the cache, all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Timeline

OURS = "no-cache"
"""The strategy of ours that disables the cache on purpose."""
LEAST = 2
"""A single navigation may be a reload that somebody forced."""


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    yield from ()


def _remark(case: Case) -> str | None:
    seen = [t.tracks["netlog"] for t in case.timelines if "netlog" in t.tracks]
    # Streams, WebSockets and fetch() with a cache mode bypass it by themselves; navigations do not.
    navigations = [track for track in seen if track.facts.get("request_type") == "main frame"]
    if case.evidence.strategy == OURS or len(navigations) < LEAST:
        return None
    if not all(track.facts.get("bypasses_cache") for track in navigations):
        return None
    return (
        f"All {len(navigations)} navigations bypassed the HTTP cache, as where a client intercepts requests "
        "(page.route, http_credentials) or DevTools has it disabled; users' tabs share a cache and its lock."
    )


CAUSE = Cause(
    id="interception",
    title="interception",
    culprit="client",
    what="The client intercepts requests, which disables the HTTP cache and its lock and sends each request "
    "through the client: the test no longer shows what users get.",
    recognised="Every navigation bypasses the cache (load flag BYPASS_CACHE in the NetLog).",
    remedy="No page.route() and no http_credentials while concurrency is measured.",
    claims=_claims,
    needs=frozenset(),  # it claims nothing
    remark=_remark,
    threads=("microsoft/playwright#7220",),
)
