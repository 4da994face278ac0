"""Equal URLs queue for the writer's lock of one HTTP cache entry, at most about 20 s each.

Chromium lets them through one by one. Firefox lets one through and, if its answer may not be shared,
all the others together. Source: net/http/http_cache_transaction.cc, AddCacheLockTimeoutHandler;
netwerk/protocol/http/nsHttpChannel.cpp, MaybeStartCacheWaitTimer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from browserconc.analysis import firefox
from browserconc.model.cause import HANDOVER_NS, Case, Cause
from browserconc.model.finding import Claim
from browserconc.model.timeline import Span, Timeline

ERR_CACHE_LOCK_TIMEOUT = -409  # net/base/net_error_list.h
INSTANT_NS = 5_000_000
"""Getting a free entry takes 0 to 2 ms in steps of 1 ms; less than this is no wait."""


def _locks(timeline: Timeline, case: Case) -> list[Span]:
    """Every wait for the entry: one that was discarded meanwhile is asked for again (ERR_CACHE_RACE)."""
    track = timeline.tracks.get("netlog")
    locks = [span for span in track.spans if span.name == "HTTP_CACHE_ADD_TO_ENTRY"] if track else []
    if waited := firefox.cache_wait(timeline, case):
        locks.append(waited)
    return locks


def _gave_up(lock: Span) -> bool:
    return lock.detail.get("net_error") == ERR_CACHE_LOCK_TIMEOUT or lock.detail.get("timed_out") is True


def _claims(timeline: Timeline, case: Case) -> Iterator[Claim]:
    waits: list[tuple[int, int, str]] = []
    for lock in _locks(timeline, case):
        end_ns = timeline.end_ns if lock.end_ns is None else lock.end_ns
        name = lock.name if lock.name.isupper() else "nsHttpChannel::OpenCacheEntry"
        if waits and lock.start_ns - waits[-1][1] < INSTANT_NS:
            waits[-1] = waits[-1][0], end_ns, name
        else:
            waits.append((lock.start_ns, end_ns, name))
    for start_ns, end_ns, name in waits:
        if end_ns - start_ns >= INSTANT_NS:
            path = timeline.url.split("/", 3)[-1]
            because = f"for the HTTP cache entry of /{path} ({name})"
            yield Claim("cache-lock", start_ns, end_ns, because)


def _limit(case: Case) -> int | None:
    """One at a time in Chromium; in Firefox all that waited go together, so there is no such number."""
    return None if "mozlog" in case.evidence.sources else 1


def _remark(case: Case) -> str | None:
    locks = [lock for timeline in case.timelines for lock in _locks(timeline, case)]
    waits = [lock.end_ns - lock.start_ns for lock in locks if _gave_up(lock) and lock.end_ns is not None]
    if not waits:
        return _together(case, locks)
    return (
        f"The cache lock gave up after {max(waits) / 1e9:.1f} s: {len(waits)} of {len(case.timelines)} "
        "requests then went to the network together, past the cache."
    )


def _together(case: Case, locks: Sequence[Span]) -> str | None:
    """What Firefox does with those that waited, where it did so."""
    if "mozlog" not in case.evidence.sources:
        return None
    ends = sorted(lock.end_ns for lock in locks if lock.end_ns is not None)
    if len(ends) < 2 or ends[-1] - ends[0] > HANDOVER_NS:
        return None
    return f"Firefox then let all {len(ends)} that waited go together."


CAUSE = Cause(
    id="cache-lock",
    title="cache lock",
    culprit="browser",
    what="Requests for the same URL queue for the lock of one HTTP cache entry: each waits until the one "
    "before it has its response headers, at most about 20 s.",
    recognised="HTTP_CACHE_ADD_TO_ENTRY lasts in the NetLog; in Firefox's log OpenCacheEntry lasts until an "
    "equal request is answered.",
    remedy="A different query per tab, a browser context per tab, the HTTP cache disabled, or a response "
    "that may be cached (Cache-Control: max-age).",
    claims=_claims,
    needs=frozenset({"netlog", "mozlog"}),
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
