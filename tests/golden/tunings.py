"""What `tune` would say of machines that are laws, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from browserconc.model.finding import BrowserFacts, Environment
from browserconc.model.tuning import Advice, Ask, Ceiling, HostFacts, HostWindow, Tuning, Window
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


def on_hosts() -> Tuning:
    """Two hosts, the second half as fast, through two proxies."""
    names = ("10.0.0.2", "10.0.0.3")

    def shared(ask: Ask, window: Window) -> Window:
        parts = tuple(
            HostWindow(
                name,
                window.pages_per_s * part,
                tuple(rate * part for rate in window.rates),
                window.durations_ns,
                0,
                window.cpu_share,
                window.memory_bytes,
            )
            for name, part in zip(names, (0.67, 0.33), strict=True)
        )
        return replace(window, hosts=parts)

    advice = searched(Machine(change=shared), Ceiling(compare_direct=True))
    facts = tuple(
        HostFacts(name, "Linux-6.1-x86_64", 2, 8_000_000_000, 3_250_000_000 * n, 140_000)
        for n, name in enumerate(names)
    )
    proxies = ("http://10.0.0.8:3128", "http://10.0.0.9:3128")
    target = "http://10.0.0.1:8000/"
    return Tuning(ENVIRONMENT, target, "throughput", 58_000_000_000, advice, hosts=facts, proxies=proxies)


def in_others_browsers() -> Tuning:
    """Two browsers that others started, whose memory and CPU time are not known."""

    def uncounted(ask: Ask, window: Window) -> Window:
        return replace(window, memory_bytes=None, pool_bytes=None, cpu_ns=None, others_share=None)

    machine = Machine(change=uncounted, per_context_limit=1.5, coherency=0)
    advice = searched(machine, Ceiling(most_browsers=2))
    remotes = ("http://10.0.0.2:9222", "http://10.0.0.3:9222")
    return Tuning(ENVIRONMENT, "http://10.0.0.1:8000/", "throughput", 58_000_000_000, advice, remotes=remotes)


TUNINGS: dict[str, Callable[[], Tuning]] = {
    "tune-usual": usual,
    "tune-interrupted": interrupted,
    "tune-hosts": on_hosts,
    "tune-remote": in_others_browsers,
}
