"""Load beside a measurement: processes that keep so many cores busy."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Other processes that keep so many cores busy, until the block ends."""
    hogs = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(count)]
    for hog in hogs:
        hog.start()
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()


def _spin() -> None:
    while True:
        pass
