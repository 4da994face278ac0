"""How two environments differ, in sentences; and whether they are one machine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from browserconc.model.finding import BrowserFacts, Environment

_SAME_MEMORY = 0.02
"""What the kernel reserves changes with its version; more than this is another machine."""


def differences(a: Environment, b: Environment) -> Iterator[str]:
    """One sentence for each property, those that matter most first."""
    for of_a, of_b in zip_longest((a.browser, *a.browsers), (b.browser, *b.browsers)):
        yield from _browsers(of_a, of_b)
    for what, in_a, in_b in (
        ("cores", a.cpus, b.cpus),
        ("platform", a.platform, b.platform),
        ("browserconc", a.browserconc, b.browserconc),
        ("Python", a.python, b.python),
    ):
        if in_a != in_b:
            yield f"{what}: A {in_a}, B {in_b}"
    if not _same_memory(a, b):
        yield f"memory: A {a.memory_bytes / 1e9:.1f} GB, B {b.memory_bytes / 1e9:.1f} GB"


def one_machine(a: Environment, b: Environment) -> bool:
    """Whether times and memory may be compared: as many cores, as much memory, the same system."""
    systems = {environment.platform.split("-")[0] for environment in (a, b)}
    return a.cpus == b.cpus and _same_memory(a, b) and len(systems) == 1


def _same_memory(a: Environment, b: Environment) -> bool:
    return abs(a.memory_bytes - b.memory_bytes) <= _SAME_MEMORY * max(a.memory_bytes, b.memory_bytes)


def _browsers(a: BrowserFacts | None, b: BrowserFacts | None) -> Iterator[str]:
    if a is None or b is None:
        if a is not b:
            yield f"browser: A {_named(a)}, B {_named(b)}"
        return
    if (a.name, a.version) != (b.name, b.version):
        yield f"browser: A {_named(a)}, B {_named(b)}"
    if a.headless != b.headless:
        yield f"windows: A {_windows(a)}, B {_windows(b)}"
    for who, mine, theirs in (("A", a, b), ("B", b, a)):
        if only := [switch for switch in mine.switches if switch not in theirs.switches]:
            yield f"switches that only {who}'s browser had: {' '.join(map(_shortened, only))}"


def _named(browser: BrowserFacts | None) -> str:
    return f"{browser.name} {browser.version}" if browser else "none"


def _windows(browser: BrowserFacts) -> str:
    return "headless" if browser.headless else "headed"


def _shortened(switch: str) -> str:
    """`--disable-features=` may list fifty of them."""
    return switch if len(switch) <= 60 else f"{switch[:59]}…"
