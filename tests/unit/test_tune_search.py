"""The search against machines that are laws: it finds their best setting, and keeps to its constraints."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from browserconc.analysis.tune import tune
from browserconc.analysis.tune_advice import advise, points
from browserconc.model.tuning import Advice, Ask, Ceiling, Pressure, Setting, Window

MB = 1_000_000


@dataclass
class Machine:
    """Two cores: pages take 0.4 s alone and 0.15 s of a core; tabs of one context share six connections."""

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
        rates = tuple(true * max(0.1, self.chance.gauss(1, self.noise)) for _ in range(5))
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


GRID = [
    Setting(browsers, contexts, tabs)
    for browsers in (1, 2, 4)
    for contexts in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
    for tabs in (1, 2, 4, 8)
]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.15])
def test_the_chosen_setting_is_within_five_per_cent_of_the_best(noise, seed):
    machine = Machine(noise=noise, seed=seed)
    chosen = searched(machine).chosen
    assert chosen is not None
    best = max(map(machine.rate, GRID))
    assert machine.rate(chosen.setting) >= 0.95 * best


def test_tabs_of_one_context_are_chosen_where_they_are_as_fast_for_less_memory():
    machine = Machine(per_context_limit=1e9, capacity=9.0)
    chosen = searched(machine).chosen
    assert chosen is not None
    assert chosen.setting.contexts == 1


def test_the_budget_is_kept():
    for seconds in (10, 20, 60, 200):
        machine = Machine()
        ceiling = Ceiling(budget_ns=seconds * 10**9)
        searched(machine, ceiling)
        spent = sum(Machine().run(ask).took_ns for ask in machine.asked)
        assert spent <= seconds * 1e9


def test_a_limit_on_the_time_of_a_page_is_kept():
    chosen = searched(Machine(), Ceiling(p95_ns=700_000_000)).chosen
    assert chosen is not None
    assert chosen.p95_ns <= 700_000_000
    assert chosen.setting.total >= 4


def test_memory_stops_the_growth_before_it_is_taken():
    machine = Machine()
    advice = searched(machine, Ceiling(memory_bytes=400 * MB))
    assert advice.chosen is not None
    assert all(machine.memory(ask.setting) <= 480 * MB for ask in machine.asked)
    assert (advice.chosen.memory_bytes or 0) <= 400 * MB
    assert "MB" in advice.stopped["CONTEXT"]


def test_a_sign_of_pressure_stops_the_growth():
    def pressed(ask: Ask, window: Window) -> Window:
        said = "the machine has begun to swap" if ask.setting.total >= 8 else None
        return replace(window, pressure=Pressure(8_000 * MB, said))

    machine = Machine(change=pressed)
    advice = searched(machine)
    assert advice.stopped["CONTEXT"] == "the machine has begun to swap"
    assert max(ask.setting.total for ask in machine.asked if ask.purpose == "grow") == 8


def test_failing_pages_stop_the_growth_and_are_never_chosen():
    def failing(ask: Ask, window: Window) -> Window:
        return replace(window, errors=5, crashes=1) if ask.setting.total > 4 else window

    advice = searched(Machine(change=failing))
    assert advice.chosen is not None
    assert advice.chosen.setting.total <= 4
    assert any("crashed" in doubt for doubt in advice.doubts)


def test_latency_asks_for_fewer_tabs_than_throughput():
    fast = searched(Machine(), Ceiling(goal="latency")).chosen
    much = searched(Machine()).chosen
    assert fast is not None
    assert much is not None
    assert fast.p95_ns <= much.p95_ns
    assert fast.setting.total <= much.setting.total


def test_every_beginning_of_a_search_has_an_advice():
    machine = Machine(noise=0.1)
    searched(machine)
    again = Machine(noise=0.1)
    seen = [(ask, again.run(ask)) for ask in machine.asked]
    for end in range(1, len(seen) + 1):
        advice = advise(seen[:end], Ceiling())
        assert advice.chosen is not None
        assert set(points(seen[:end], Ceiling())) == {point.setting for point in advice.points}


def test_nothing_measured_is_no_advice():
    advice = advise([], Ceiling())
    assert advice.chosen is None
    assert advice.points == ()


def test_a_machine_that_loads_nothing_has_no_setting():
    def empty(ask: Ask, window: Window) -> Window:
        return replace(window, pages_per_s=0.0, rates=(0.0,), durations_ns=(), ages=(), errors=4)

    advice = searched(Machine(change=empty))
    assert advice.chosen is None
    assert advice.doubts
