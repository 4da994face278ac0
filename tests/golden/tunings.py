"""What `tune` would say of machines that are laws, by name."""

from __future__ import annotations

from collections.abc import Callable

from browserconc.model.finding import BrowserFacts, Environment
from browserconc.model.tuning import Advice, Ceiling, Tuning
from tests.unit.tune_machine import Machine, searched

ENVIRONMENT = Environment(
    "0.1.0",
    "3.11.7",
    "Linux-6.1-x86_64",
    2,
    8_000_000_000,
    BrowserFacts("Chromium", "156.0.1.2", "/usr/bin/chromium", True, ("--headless",)),
)
BUILT_IN = "the built-in page (five sub-resources, 0.1 s each)"


def usual() -> Tuning:
    """Two cores that contexts fill and tabs of one context do not."""
    ceiling = Ceiling(own_pages=True)
    return Tuning(ENVIRONMENT, BUILT_IN, "throughput", 58_000_000_000, searched(Machine(), ceiling))


def interrupted() -> Tuning:
    """Ctrl-C before anything was measured, at an address that must be escaped."""
    target = "http://127.0.0.1/?<script>\x1b[2J"
    return Tuning(ENVIRONMENT, target, "latency", 1_000_000, Advice(None, (), None, None), interrupted=True)


TUNINGS: dict[str, Callable[[], Tuning]] = {"tune-usual": usual, "tune-interrupted": interrupted}
