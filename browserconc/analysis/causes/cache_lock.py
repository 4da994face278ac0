"""Equal URLs queue for the writer's lock of one HTTP cache entry, at most about 20 s each.

Source: net/http/http_cache_transaction.cc, AddCacheLockTimeoutHandler.
"""

from __future__ import annotations

from collections.abc import Iterator

from browserconc.model.cause import Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Span, Timeline

ERR_CACHE_LOCK_TIMEOUT = -409  # net/base/net_error_list.h
INSTANT_NS = 5_000_000
"""Getting a free entry takes 0 to 2 ms in steps of 1 ms; less than this is no wait."""


def _locks(timeline: Timeline) -> Iterator[Span]:
    """Every wait for the entry: one that was discarded meanwhile is asked for again (ERR_CACHE_RACE)."""
    track = timeline.tracks.get("netlog")
    return (span for span in (track.spans if track else ()) if span.name == "HTTP_CACHE_ADD_TO_ENTRY")


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    path = timeline.url.split("/", 3)[-1]
    waits: list[tuple[int, int]] = []
    for lock in _locks(timeline):
        end_ns = timeline.end_ns if lock.end_ns is None else lock.end_ns
        if waits and lock.start_ns - waits[-1][1] < INSTANT_NS:
            waits[-1] = waits[-1][0], end_ns
        else:
            waits.append((lock.start_ns, end_ns))
    for start_ns, end_ns in waits:
        if end_ns - start_ns >= INSTANT_NS:
            because = f"for the HTTP cache entry of /{path} (HTTP_CACHE_ADD_TO_ENTRY)"
            yield Claim("cache-lock", start_ns, end_ns, because)


def _limit(case: Case) -> int | None:
    return 1


def _remark(case: Case) -> str | None:
    waits = [
        lock.end_ns - lock.start_ns
        for timeline in case.timelines
        for lock in _locks(timeline)
        if lock.end_ns is not None and lock.detail.get("net_error") == ERR_CACHE_LOCK_TIMEOUT
    ]
    if not waits:
        return None
    return (
        f"The cache lock gave up after {max(waits) / 1e9:.1f} s: {len(waits)} of {len(case.timelines)} "
        "requests then went to the network together, past the cache."
    )


CAUSE = Cause(
    id="cache-lock",
    title="cache lock",
    culprit="browser",
    what="Requests for the same URL queue for the lock of one HTTP cache entry: each waits until the one "
    "before it has its response headers, at most about 20 s.",
    recognised="HTTP_CACHE_ADD_TO_ENTRY lasts in the NetLog.",
    remedy="A different query per tab, a browser context per tab, the HTTP cache disabled, or a response "
    "that may be cached (Cache-Control: max-age).",
    claims=_claims,
    limits=True,
    limit=_limit,
    remark=_remark,
    threads=(
        "fastapi/fastapi#2484",
        "tornadoweb/tornado#2470",
        "sanic-org/sanic#3082",
        "rust-lang/book#1511",
    ),
)
