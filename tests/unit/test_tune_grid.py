"""The yardstick of `benchmarks/tune_grid.py`: neither lenient nor unjust, on rates that are made up."""

import importlib.util
import random
import sys
from math import exp, isclose
from pathlib import Path

import pytest

from browserconc.model.tuning import Setting

_FILE = Path(__file__).parents[2] / "benchmarks" / "tune_grid.py"
_SPEC = importlib.util.spec_from_file_location("tune_grid", _FILE)
assert _SPEC
assert _SPEC.loader
tune_grid = sys.modules["tune_grid"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tune_grid)

CHOICE = Setting(1, 16, 1)
RIVALS = [Setting(1, 24, 1), Setting(1, 8, 2), Setting(1, 6, 2)]


def blocks(true: float, chance: random.Random, count: int = 8) -> list[dict[Setting, float]]:
    """The machine drifts by a tenth, and each mean of a block by 2.5 %; two rivals are 2 % behind."""
    rates = {CHOICE: true, RIVALS[0]: 1.0, RIVALS[1]: 0.98, RIVALS[2]: 0.98}
    return [
        {each: 13 * drift * rate * exp(chance.gauss(0, 0.025)) for each, rate in rates.items()}
        for drift in (exp(chance.gauss(0, 0.1)) for _ in range(count))
    ]


def passing(true: float) -> int:
    """How many of 200 judgements find the choice within five per cent."""
    chance = random.Random(7)
    ratios = [tune_grid.judged(blocks(true, chance), CHOICE, RIVALS) for _ in range(200)]
    return sum(ratio.value >= tune_grid.TARGET for ratio in ratios)


@pytest.mark.parametrize(
    ("true", "low", "high"), [(0.9, 0, 0), (0.92, 0, 10), (0.98, 190, 200), (1.0, 198, 200)]
)
def test_what_is_eight_per_cent_worse_fails_and_what_is_two_per_cent_worse_passes(true, low, high):
    assert low <= passing(true) <= high


def test_the_best_of_noisy_rivals_is_not_taken_to_be_better_than_it_is():
    chance = random.Random(1)
    values = [tune_grid.judged(blocks(1.0, chance), CHOICE, [*RIVALS, CHOICE]).value for _ in range(200)]
    assert isclose(sum(values) / 200, 1.0, abs_tol=0.01)


def test_the_interval_holds_the_truth_in_nineteen_of_twenty():
    chance = random.Random(2)
    ratios = [tune_grid.judged(blocks(0.95, chance), CHOICE, RIVALS[:1]) for _ in range(400)]
    assert 0.92 <= sum(ratio.low <= 0.95 <= ratio.high for ratio in ratios) / 400 <= 0.98


def test_a_machine_on_which_nobody_can_tell_passes_nobody():
    restless = [{CHOICE: 13.0, RIVALS[0]: rate} for rate in (9.0, 14.0, 11.0, 16.0)]
    ratio = tune_grid.judged(restless, CHOICE, RIVALS[:1])
    assert ratio.value > tune_grid.TARGET
    assert ratio.verdict.startswith("unsure")
    assert tune_grid.judged([{CHOICE: 13.0, RIVALS[0]: 13.0}] * 4, CHOICE, RIVALS[:1]).verdict == "within 5 %"
