"""`looks.jsonl`: what each tab looked like from time to time while a trial ran; its writer and its reader.

What a page waits for by itself, such as another tab's lock, is no request and stands in no log of the
network stack. So the pages are asked now and then. Lines hold names of locks, cut off, and no content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from browserconc.model.timeline import Fact, Span, Track
from browserconc.recording import RecordingError

FILE = "looks.jsonl"
SOURCE = "looks"
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class PageLook:
    """One tab at one instant.

    `visible` is document.visibilityState, `timer_late_ms` by how much a timer of a few milliseconds was
    late. The locks are those of navigator.locks in the page's origin and storage, whichever tab holds or
    awaits them. `windows` counts those that the page has opened by then and that have it as their opener.
    """

    tab: int
    asked_ns: int
    answered_ns: int
    visible: bool
    timer_late_ms: float
    locks_held: tuple[str, ...] = ()
    locks_pending: tuple[str, ...] = ()
    windows: int = 0


def write(path: Path, looks: Iterable[PageLook]) -> None:
    """Writes the log.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_bytes(msgspec.json.Encoder().encode_lines(looks))


def tracks(path: Path) -> list[Track]:
    """One track per tab; each look is a span "look" from asked to answered, with what was seen as detail.

    Raises:
        RecordingError: the file cannot be read.
    """
    try:
        looks = msgspec.json.Decoder(PageLook).decode_lines(path.read_bytes())
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read ({problem.strerror}).") from problem
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise RecordingError(f"{path} is not a log of looks at pages ({problem}).") from problem
    spans: dict[int, list[Span]] = defaultdict(list)
    for look in looks:
        detail: dict[str, Fact] = {
            "visible": look.visible,
            "timer_late_ms": look.timer_late_ms,
            "locks_held": len(look.locks_held),
            "locks_pending": len(look.locks_pending),
            "windows": look.windows,
            "lock": look.locks_pending[0][:LONGEST_NAME] if look.locks_pending else None,
        }
        spans[look.tab].append(Span("look", look.asked_ns, look.answered_ns, detail))
    return [Track(SOURCE, str(tab), "", tuple(seen), index=tab) for tab, seen in sorted(spans.items())]
