"""A machine that is a law, for the search to be tried on: no browser, no clock, no waiting."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from browserconc.analysis.tune import tune
from browserconc.model.crawl import Pressure
from browserconc.model.tuning import Advice, Ask, Ceiling, Setting, Window

MB = 1_000_000


@dataclass
class Machine:
    """Two cores: pages take 0.4 s alone and 0.15 s of a core; tabs of one context share six connections.

    `noise` is by how much of itself the rate of 0.24 s differs.
    """

    noise: float = 0.0
    seed: int = 0
    page_s: float = 0.4
    capacity: float = 13.0
    coherency: float = 0.002
    per_context_limit: float = 6.5
    opening_s: float = 0.12
    asked: list[Ask] = field(default_factory=list)
    change: Callable[[Ask, Window], Window] = lambda ask, window: window

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def rate(self, setting: Setting) -> float:
        n = setting.total
        hosts = self.per_context_limit * setting.browsers * setting.contexts
        offered = min(n / self.page_s, hosts)
        # A soft minimum of what is asked for and what the processors hold, less what many tabs cost.
        held = (offered**-4 + self.capacity**-4) ** -0.25
        return held / (1 + self.coherency * n * (1 + 0.5 * (setting.browsers - 1)))

    def memory(self, setting: Setting) -> int:
        contexts = setting.browsers * setting.contexts
        return (150 * setting.browsers + 25 * contexts + 15 * setting.total) * MB

    def run(self, ask: Ask) -> Window:
        self.asked.append(ask)
        setting = ask.setting
        true = self.rate(setting)
        noise = self.noise * (1.2e9 / ask.window_ns) ** 0.5
        rates = tuple(true * max(0.1, self.chance.gauss(1, noise)) for _ in range(5))
        rate = sum(rates) / 5
        page_ns = round(setting.total / rate * 1e9)
        pages = max(1, round(rate * ask.window_ns / 1e9))
        busy = min(1.0, rate / self.capacity)
        took = (
            ask.window_ns + page_ns + 300_000_000 + (self.opening_s * 1e9 * setting.total if ask.alone else 0)
        )
        window = Window(
            pages_per_s=rate,
            rates=rates,
            durations_ns=(page_ns,) * pages,
            ages=tuple(range(3, 3 + pages)),
            errors=0,
            crashes=0,
            window_ns=ask.window_ns,
            took_ns=round(took),
            cpu_share=busy,
            others_share=0.0,
            cpu_ns=round(150_000_000 * rate * ask.window_ns / 1e9),
            memory_bytes=self.memory(setting) if ask.alone else None,
            pool_bytes=self.memory(setting),
            pressure=Pressure(8_000 * MB),
        )
        return self.change(ask, window)


def searched(machine: Machine, ceiling: Ceiling | None = None) -> Advice:
    search = tune(Setting(), ceiling or Ceiling())
    ask = next(search)
    try:
        while True:
            ask = search.send(machine.run(ask))
    except StopIteration as end:
        advice = end.value
    assert isinstance(advice, Advice)
    return advice
