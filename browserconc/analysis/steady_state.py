"""From the pages that a window of steady work saw to its rate.

Pages that were under way at an edge of the window count by the part of them that lies inside. So a
short window is neither lucky nor unlucky with whether a slow page ends just before or after its edge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from browserconc.model.crawl import Load, Sample
from browserconc.model.tuning import Window

PARTS = 5
"""The window is cut into so many parts; how far their rates differ says how sure the rate is."""
MOST_SAID = 3


def window(sample: Sample, took_ns: int) -> Window:
    """What the sample says; `took_ns` is what it cost altogether."""
    length = max(1, sample.end_ns - sample.start_ns)
    edges = [sample.start_ns + length * n // PARTS for n in range(PARTS + 1)]
    good = [load for load in sample.loads if load.error is None]
    rates = tuple(_pages(good, start, end) * 1e9 / max(1, end - start) for start, end in pairwise(edges))
    # Where pages take longer than the window, those that it saw in part are all there is.
    ended = [load for load in good if sample.start_ns <= load.end_ns < sample.end_ns] or good
    failed = [load for load in sample.loads if load.error is not None]
    reasons = Counter(load.error for load in failed)
    others = None
    if sample.cpu_share is not None and sample.cpu_ns is not None:
        others = max(0.0, sample.cpu_share - sample.cpu_ns / (length * sample.cpus))
    return Window(
        pages_per_s=_pages(good, sample.start_ns, sample.end_ns) * 1e9 / length,
        rates=rates,
        durations_ns=tuple(load.end_ns - load.start_ns for load in ended),
        ages=tuple(load.age for load in ended),
        errors=len(failed),
        crashes=sum(load.crash for load in failed),
        window_ns=length,
        took_ns=took_ns,
        cpu_share=sample.cpu_share,
        others_share=others,
        cpu_ns=sample.cpu_ns,
        memory_bytes=sample.memory_bytes,
        pool_bytes=sample.pool_bytes,
        pressure=sample.pressure,
        said=(*sample.said, *(f"Pages failed: {reason}." for reason, _ in reasons.most_common(MOST_SAID))),
    )


def _pages(loads: Sequence[Load], start_ns: int, end_ns: int) -> float:
    """How many pages' worth of work lies between two instants."""
    return sum(
        max(0, min(load.end_ns, end_ns) - max(load.start_ns, start_ns)) / max(1, load.end_ns - load.start_ns)
        for load in loads
    )
