"""The search against machines that are laws: it finds their best setting, and keeps to its constraints."""

from dataclasses import replace
from math import log2

import pytest

from browserconc.analysis.tune_advice import advise
from browserconc.analysis.tune_points import points
from browserconc.model.crawl import Pressure
from browserconc.model.tuning import Ask, Ceiling, Setting, Window
from tests.unit.tune_machine import MB, Machine, searched

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


@pytest.mark.parametrize("noise", [0.0, 0.12])
def test_a_best_setting_beyond_the_last_doubling_that_pays_is_found(noise):
    """From 8 to 24 tabs each doubling brings six per cent more, which no doubling has to bring."""

    def rising(setting: Setting) -> float:
        return Machine.rate(law, setting) * (1 + 0.06 * log2(min(24, max(4, setting.total)) / 8))

    law = Machine(coherency=0)
    near = []
    for seed in range(20):
        machine = Machine(noise=noise, seed=seed)
        machine.rate = rising  # type: ignore[method-assign]
        chosen = searched(machine).chosen
        assert chosen is not None
        near.append(rising(chosen.setting) >= 0.95 * max(map(rising, GRID)))
    assert sum(near) >= 19


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


@pytest.mark.parametrize("most", [1, 2, 3])
def test_no_more_browsers_are_asked_for_than_there_are(most):
    machine = Machine(per_context_limit=1.0, coherency=0, capacity=1e9)
    advice = searched(machine, Ceiling(most_browsers=most, budget_ns=200 * 10**9, most_tabs=8))
    assert max(ask.setting.browsers for ask in machine.asked) == most
    assert f"{most} browsers only" in advice.stopped["BROWSER"] or most == 1
    assert most > 1 or advice.stopped["BROWSER"] == "there is one browser only"


def test_browsers_on_several_machines_are_all_used():
    machine = Machine(capacity=6.0)
    alone = machine.rate

    def of_each(setting: Setting) -> float:
        return setting.browsers * alone(replace(setting, browsers=1))

    machine.rate = of_each  # type: ignore[method-assign]
    chosen = searched(machine, Ceiling(most_browsers=3, places=3)).chosen
    assert chosen is not None
    assert chosen.setting.browsers == 3


def test_what_is_not_known_of_one_window_is_not_known_of_its_setting():
    def uncounted(ask: Ask, window: Window) -> Window:
        return replace(window, memory_bytes=None, pool_bytes=None, cpu_ns=None, others_share=None)

    def elsewhere(ask: Ask, window: Window) -> Window:
        return replace(uncounted(ask, window), cpu_share=None)

    assert all(point.bound_by is None for point in searched(Machine(change=elsewhere)).points)
    advice = searched(Machine(change=uncounted))
    assert advice.chosen is not None
    assert advice.chosen.setting.total >= 4
    for point in advice.points:
        assert (point.memory_bytes, point.cpu_ns_per_page, point.others_share) == (None, None, None)


def test_memory_stops_the_growth_before_it_is_taken():
    machine = Machine()
    advice = searched(machine, Ceiling(memory_bytes=400 * MB))
    assert advice.chosen is not None
    assert all(machine.memory(ask.setting) <= 480 * MB for ask in machine.asked)
    assert (advice.chosen.memory_bytes or 0) <= 400 * MB
    assert "MB" in advice.stopped["CONTEXT"]


def test_one_tab_that_takes_half_of_the_memory_allowed_does_not_end_the_growth():
    """Most of it is the browser's own: the second tab takes a fifth of it."""
    machine = Machine()
    advice = searched(machine, Ceiling(memory_bytes=round(1.6 * machine.memory(Setting()))))
    assert advice.chosen is not None
    assert advice.chosen.setting.total >= 2
    assert (advice.chosen.memory_bytes or 0) <= 1.6 * machine.memory(Setting())


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


@pytest.mark.parametrize(("share", "chosen"), [(0.02, True), (0.0, False)])
def test_a_single_failed_page_of_a_few_is_no_rate(share, chosen):
    machine = Machine()
    ask = Ask(Setting(), 10**9, "grow")
    window = replace(machine.run(ask), errors=1, crashes=1)
    advice = advise([(ask, window)], Ceiling(error_share=share))
    assert (advice.chosen is not None) == chosen
    assert any("crashed" in doubt for doubt in advice.doubts)
    assert any("1 of 3 pages failed" in doubt for doubt in advice.doubts) == chosen


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

    machine = Machine(change=empty)
    advice = searched(machine)
    assert [ask.setting for ask in machine.asked] == [Setting()]
    assert advice.chosen is None
    assert advice.doubts
