"""One window of a crawl as it was run: the pages that overlap it, and what the machine did meanwhile.

Durations are integer nanoseconds, memory is bytes, shares are 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pressure:
    """How near the machine is to its memory's end.

    `headroom_bytes` is what may still be taken: the least of the machine's memory and the control
    group's, without what must stay free. `said` names the sign that no more may be opened, if there is one.
    """

    headroom_bytes: int | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """One page in one tab: asked for, loaded or failed. `age` is its place among the pages of its tab."""

    tab: int
    age: int
    start_ns: int
    end_ns: int
    error: str | None = None
    crash: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One window as it was run: every page that overlaps it, and what the machine did meanwhile.

    What browsers of others use is not known: `cpu_ns` and the bytes are None then, and `cpu_share`, that of
    their machine, if they may be on another one.
    """

    loads: tuple[Load, ...]
    start_ns: int
    end_ns: int
    cpu_share: float | None
    cpus: int
    cpu_ns: int | None
    memory_bytes: int | None
    pool_bytes: int | None
    pressure: Pressure
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostSample:
    """One host's window, under its own clock, which is `offset_ns` ahead of ours, give or take `error_ns`.

    Hosts of one `machine` share its processors and its memory. `beside_ns` is CPU time that we used on
    that machine meanwhile beside this host's browsers and driver.
    """

    host: str
    machine: str
    sample: Sample
    offset_ns: int = 0
    error_ns: int = 0
    beside_ns: int = 0
