"""A NetLog's lines of no interest are passed over unread, but only lines of the form that Chromium writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browserconc.evidence import foreign
from browserconc.evidence.log_file import BLOCK_BYTES
from browserconc.model.timeline import Track

LOG = Path(__file__).parent.parent / "recordings" / "threaded" / "netlog-1.json"


def rewritten(event: dict[str, Any], order: str) -> str:
    """The event with its members in another order."""
    return json.dumps({name: event[name] for name in order.split() if name in event})


def lasting(track: Track) -> tuple[object, ...]:
    """All of it but the steps that took no time, of which those at the edge of a block are kept."""
    steps = [span for span in track.spans if span.end_ns != span.start_ns]
    return track.key, track.url, track.facts, track.local_port, steps


FORMS: dict[str, Callable[[str], str]] = {
    "as Chromium writes it": lambda line: line,
    "with spaces": lambda line: json.dumps(json.loads(line)),
    "the type first": lambda line: rewritten(json.loads(line), "type time source params phase"),
    "the source last": lambda line: rewritten(json.loads(line), "type params phase time source"),
    "parameters last": lambda line: rewritten(json.loads(line), "time type phase source params"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_form_of_line_says_the_same(tmp_path: Path, form: str, end: str):
    lines = LOG.read_text(encoding="utf-8").split("\n")
    assert sum(map(len, lines[2:-2])) > 2 * BLOCK_BYTES  # the first block is read as a whole
    last = next(place for place, line in enumerate(lines) if line.startswith('"polledData"'))
    events = [FORMS[form](line.rstrip(",]")) for line in lines[2:last]]
    other = tmp_path / "log.json"
    text = end.join([*lines[:2], f",{end}".join(events) + "],", *lines[last:]])
    other.write_text(text, encoding="utf-8", newline="")
    ours, theirs = foreign.read(LOG), foreign.read(other)
    assert len(ours.tracks) > 5
    assert [lasting(track) for track in theirs.tracks] == [lasting(track) for track in ours.tracks]
    assert (theirs.first_ns, theirs.last_ns, theirs.doubts) == (ours.first_ns, ours.last_ns, ours.doubts)
