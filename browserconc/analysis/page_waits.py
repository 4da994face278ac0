"""What a page waited for by itself, between its requests: read from the looks at its tab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from browserconc.model.finding import UNATTRIBUTED, Slice
from browserconc.model.timeline import Span, Track

IDLE = ("browser-overhead", UNATTRIBUTED)
"""The slices in which a tab asked for nothing."""
SHORTEST_NS = 50_000_000
BUSY_NS = 200_000_000
"""A page that answers a question so late was busy: its main thread ran something else."""
LATE_MS = 100.0
"""A timer of a few milliseconds that runs so late in a hidden tab was throttled."""


def with_page_waits(slices: Sequence[Slice], looks: Track | None, zero_ns: int) -> tuple[Slice, ...]:
    """The slices of one tab's load; idle ones during which locks were waited for are the lock's."""
    seen = [span for span in looks.spans if span.name == "look"] if looks else []
    return tuple(_explained(piece, seen, zero_ns) for piece in slices)


def _explained(piece: Slice, looks: Sequence[Span], zero_ns: int) -> Slice:
    if piece.cause not in IDLE or piece.duration_ns < SHORTEST_NS:
        return piece
    if busy := _while_busy(piece, looks, zero_ns):
        return busy
    during = [
        look
        for look in looks
        if look.end_ns is not None and piece.start_ns <= look.end_ns - zero_ns <= piece.end_ns
    ]
    waited = [look for look in during if look.detail.get("locks_pending")]
    late = [look for look in during if not look.detail.get("visible") and _is_late(look)]
    if not waited and 2 * len(late) > len(during):
        return replace(piece, cause="hidden-tab", because="for timers of its hidden tab")
    if 2 * len(waited) <= len(during):
        return piece
    name = waited[0].detail.get("lock")
    return replace(piece, cause="web-lock", because=f"for the lock “{name}” (navigator.locks) of another tab")


def _while_busy(piece: Slice, looks: Sequence[Span], zero_ns: int) -> Slice | None:
    """The slice of a tab whose main thread, which the windows that it opened share, did not answer."""
    blocked_ns = windows = 0
    for look in looks:
        opened = look.detail.get("windows")
        if look.end_ns is None or not isinstance(opened, int):
            continue
        throttled_ns = 0.0 if look.detail.get("visible") else 1e6 * _late_ms(look)
        if look.end_ns - look.start_ns - throttled_ns < BUSY_NS:
            continue
        if opened:
            begin, end = (
                max(look.start_ns - zero_ns, piece.start_ns),
                min(look.end_ns - zero_ns, piece.end_ns),
            )
            blocked_ns += max(0, end - begin)
            windows = max(windows, opened)
    if 2 * blocked_ns < piece.duration_ns:
        return None
    return replace(
        piece,
        cause="shared-renderer",
        because=f"for the one main thread that {windows} opened windows share with their opener",
    )


def _is_late(look: Span) -> bool:
    return _late_ms(look) >= LATE_MS


def _late_ms(look: Span) -> float:
    late_ms = look.detail.get("timer_late_ms")
    return float(late_ms) if isinstance(late_ms, int | float) else 0.0
