"""How many connections that stay open a server takes at once: event streams and WebSockets by raw sockets.

A worker that holds one has no time for another, so only those that stay open show how many it has.
"""

from __future__ import annotations

from collections.abc import Sequence

from browserconc.model.outside import ServerView
from browserconc.model.timeline import Track

PARALLEL = 2.0
SHORT_NS = 50_000_000
"""Answers that come so soon, or within so many times what the first took, were made at once."""
SERIAL = 0.8
LEAST_STEP_NS = 100_000_000
"""Of answers one after another the n-th takes at least this part of n times the first, and that takes so
long; shorter ones may come late because the machine is busy."""


def judge(tracks: Sequence[Track], nouns: str) -> ServerView:
    """What the server does with all of them at once, none being closed before the end.

    Args:
        tracks: one per connection, as the raw-socket client saw it.
        nouns: what several of them are called.
    """
    count = len(tracks)
    took = sorted(ns for track in tracks if (ns := _opened_ns(track)) is not None)
    waited = [t for t in tracks if str(t.facts.get("error") or "").startswith("no complete answer")]
    if not took or len(took) + len(waited) < count:
        why = next((t.facts.get("error") or f"status {t.facts.get('status')}" for t in _failed(tracks)), "")
        doubt = f"By raw sockets {len(took)} of {count} {nouns} at once were opened ({why})."
        return ServerView(None, None, None, (), took[0] if took else None, (doubt,))
    first_ns, last_ns = took[0], took[-1]
    if waited:
        because = f"Of {count} {nouns} at once {len(took)} were opened; while they stayed open, no other was."
        doubt = (
            "A server that notices late that a client is gone may still have held some of before: "
            f"then it takes more than {len(took)} {nouns}."
        )
        return ServerView(len(took), "server-width", "server", (because,), first_ns, (doubt,))
    because = f"{count} {nouns} at once were open after {first_ns / 1e9:.2f} to {last_ns / 1e9:.2f} s."
    if last_ns <= max(SHORT_NS, PARALLEL * first_ns):
        return ServerView(None, None, None, (because,), first_ns, (), parallel_up_to=count)
    if first_ns >= LEAST_STEP_NS and all(ns >= SERIAL * n * first_ns for n, ns in enumerate(took, start=1)):
        return ServerView(1, "server-width", "server", (because,), first_ns, ())
    return ServerView(None, None, None, (because,), first_ns, (f"By raw sockets {because}",))


def _opened_ns(track: Track) -> int | None:
    """How long it took to open from its release, None where it was not."""
    whole, status = track.span("request"), track.facts.get("status")
    if whole is None or whole.end_ns is None or track.facts.get("error"):
        return None
    return whole.end_ns - whole.start_ns if isinstance(status, int) and status < 400 else None


def _failed(tracks: Sequence[Track]) -> list[Track]:
    return [track for track in tracks if _opened_ns(track) is None]
