"""Which setting is chosen of several that were measured unequally well."""

from dataclasses import replace

import pytest

from browserconc.analysis.tune_rivals import choose, rivals
from browserconc.model.tuning import Ask, Ceiling, Setting, Window
from tests.unit.tune_machine import Machine


def measured(setting: Setting, rate: float, seconds: float) -> tuple[Ask, Window]:
    ask = Ask(setting, round(seconds * 1e9), "compare")
    return ask, replace(Machine().run(ask), pages_per_s=rate, rates=(rate,) * 5)


LONG, SHORT = Setting(1, 8, 1), Setting(1, 16, 1)


def test_one_lucky_second_is_not_preferred_to_twenty_that_are_nearly_as_good():
    seen = [measured(LONG, 12.6, 20), measured(SHORT, 13.0, 1), measured(Setting(1, 12, 1), 12.0, 5)]
    chosen = choose(seen, Ceiling())
    assert chosen is not None
    assert chosen.setting == LONG


def test_what_is_faster_for_sure_is_chosen_though_it_takes_more_memory():
    chosen = choose([measured(LONG, 12.5, 20), measured(SHORT, 13.0, 20)], Ceiling())
    assert chosen is not None
    assert chosen.setting == SHORT


def test_of_equals_the_one_with_the_least_memory_is_chosen():
    chosen = choose([measured(SHORT, 13.0, 20), measured(LONG, 12.95, 20)], Ceiling())
    assert chosen is not None
    assert chosen.setting == LONG


def test_the_longer_it_was_measured_the_surer_it_is():
    long, short = rivals([measured(LONG, 12.5, 20), measured(SHORT, 12.5, 2)], Ceiling())
    assert long.error < short.error < 0.1 * 12.5


@pytest.mark.parametrize("rate", [0.0, 9.0])
def test_what_is_far_behind_is_no_rival(rate):
    assert [
        rival.point.setting for rival in rivals([measured(LONG, 13, 3), measured(SHORT, rate, 3)], Ceiling())
    ] == [LONG]
