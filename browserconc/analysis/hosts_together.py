"""From what several hosts saw of one window, each under its own clock, to that window on ours.

All hosts load the same setting at the same time. Only what lies between the last host's beginning and the
first one's end counts: they were told one instant, which each knows as well as the clocks are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean, median, stdev

from browserconc.analysis.steady_state import window as window_of
from browserconc.model.crawl import HostSample, Load, Pressure, Sample
from browserconc.model.tuning import HostPoint, HostWindow, Window

DIFFERS = 0.2
"""A host whose rate is a fifth off the others' is said; windows of one host differ by less."""
SURE = 3.0
"""And only if that is so many standard errors."""


def together(samples: Sequence[HostSample], took_ns: int) -> Window:
    """The window of all hosts; one without pages where a host could not take part."""
    shifted = [_on_our_clock(one) for one in samples]
    start, end = max(one.start_ns for one in shifted), min(one.end_ns for one in shifted)
    tightest = _tightest(samples)
    if end <= start:  # one of them opened nothing
        start, end = max((one.start_ns, one.end_ns) for one in shifted)
        shifted = [replace(one, loads=()) for one in shifted]
    cut = [replace(one, start_ns=start, end_ns=end) for one in shifted]
    parts = [window_of(one, took_ns) for one in cut]
    whole = window_of(
        Sample(
            loads=tuple(_numbered(one.loads for one in cut)),
            start_ns=start,
            end_ns=end,
            cpu_share=max(one.cpu_share or 0 for one in cut),
            cpus=sum(one.cpus for one in cut),
            cpu_ns=sum(one.cpu_ns or 0 for one in cut),
            memory_bytes=max((one.memory_bytes for one in cut if one.memory_bytes is not None), default=None),
            pool_bytes=tightest.pool_bytes,
            pressure=_pressure(samples, tightest),
            said=tuple(dict.fromkeys(said for one in cut for said in one.said)),
        ),
        took_ns,
    )
    return replace(
        whole,
        others_share=_others_share(samples),
        hosts=tuple(
            HostWindow(
                one.host,
                part.pages_per_s,
                part.rates,
                part.durations_ns,
                part.errors,
                part.cpu_share or 0,
                part.memory_bytes,
            )
            for one, part in zip(samples, parts, strict=True)
        ),
    )


def points(windows: Iterable[Window]) -> tuple[HostPoint, ...]:
    """What each host did in these windows of one setting."""
    by_host: dict[str, list[HostWindow]] = {}
    for window in windows:
        for part in window.hosts:
            by_host.setdefault(part.host, []).append(part)
    return tuple(_point(host, parts) for host, parts in by_host.items())


def differing(chosen: Sequence[HostPoint]) -> tuple[str, ...]:
    """A sentence on each host that loads fewer pages than the others."""
    said = []
    for one in chosen if len(chosen) > 1 else ():
        usual = median(other.pages_per_s for other in chosen if other is not one)
        off = one.pages_per_s - usual
        if off < 0 and abs(off) > DIFFERS * usual and abs(off) > SURE * one.rate_error:
            said.append(
                f"{one.host} differs: it loaded {one.pages_per_s:.1f} pages/s where the "
                f"{'others' if len(chosen) > 2 else 'other'} loaded {usual:.1f}. The setting is the best for "
                "all hosts together; tune that one alone for a setting of its own."
            )
    return tuple(said)


def _on_our_clock(one: HostSample) -> Sample:
    sample, ahead = one.sample, one.offset_ns
    return replace(
        sample,
        start_ns=sample.start_ns - ahead,
        end_ns=sample.end_ns - ahead,
        loads=tuple(
            replace(load, start_ns=load.start_ns - ahead, end_ns=load.end_ns - ahead) for load in sample.loads
        ),
    )


def _numbered(hosts: Iterable[Sequence[Load]]) -> Iterable[Load]:
    """All loads, with tabs of different hosts kept apart."""
    first = 0
    for loads in hosts:
        yield from (replace(load, tab=first + load.tab) for load in loads)
        first += 1 + max((load.tab for load in loads), default=-1)


def _sharing(samples: Sequence[HostSample], one: HostSample) -> list[HostSample]:
    return [other for other in samples if other.machine == one.machine]


def _headroom(samples: Sequence[HostSample], one: HostSample) -> float:
    """What this host may still take, if those of its machine take alike."""
    headroom = one.sample.pressure.headroom_bytes
    return float("inf") if headroom is None else headroom / len(_sharing(samples, one))


def _tightest(samples: Sequence[HostSample]) -> Sample:
    return min(samples, key=lambda one: _headroom(samples, one)).sample


def _pressure(samples: Sequence[HostSample], tightest: Sample) -> Pressure:
    least = min(_headroom(samples, one) for one in samples)
    signs = [f"{one.sample.pressure.said} on {one.host}" for one in samples if one.sample.pressure.said]
    return Pressure(None if least == float("inf") else int(least), signs[0] if signs else None)


def _others_share(samples: Sequence[HostSample]) -> float:
    """Of the machine on which programs that are not ours take most: their share of its processors."""
    shares = []
    for one in samples:
        length = max(1, one.sample.end_ns - one.sample.start_ns)
        mates = _sharing(samples, one)
        ours = sum(mate.sample.cpu_ns or 0 for mate in mates) + max(mate.beside_ns for mate in mates)
        shares.append(max(0.0, (one.sample.cpu_share or 0) - ours / (length * one.sample.cpus)))
    return max(shares, default=0.0)


def _point(host: str, parts: Sequence[HostWindow]) -> HostPoint:
    rates = [rate for part in parts for rate in part.rates]
    durations = sorted(ns for part in parts for ns in part.durations_ns)
    memory = [part.memory_bytes for part in parts if part.memory_bytes is not None]
    return HostPoint(
        host=host,
        pages_per_s=fmean(part.pages_per_s for part in parts),
        rate_error=stdev(rates) / len(rates) ** 0.5 if len(rates) > 1 else 0.0,
        p95_ns=durations[min(len(durations) - 1, int(0.95 * len(durations)))] if durations else 0,
        memory_bytes=max(memory, default=None),
        cpu_share=fmean(part.cpu_share for part in parts),
        errors=sum(part.errors for part in parts),
    )
