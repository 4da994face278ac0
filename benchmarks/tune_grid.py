"""Is the chosen setting the best one? `python benchmarks/tune_grid.py [--runs 5] [--minutes 20] [--json]`.

Every setting of a grid is measured once on the built-in page, then the better ones in turns, until two
rivals are left. Then `tune` runs as a user runs it, `--runs` times, and all that it chose is judged together
with the rivals, in blocks: each starts browsers of its own, and in it every setting has its turn there and
back again. So what the machine does meanwhile, and how a browser happened to start, hits all alike.

`ratio` is the choice's rate over that of the best rival of the same block, a geometric mean over all blocks,
with a 95 % interval by Student. The best of several noisy rates is too high, so the rival to be compared
with in a block is the one that the other blocks found to be the best.
Blocks end as soon as every interval lies on one side of 0.95, or when the minutes are over.
Target: at least 0.95 in every run, and no run longer than its budget; exits 1 otherwise. A ratio with a
standard error above 1.5 % and 0.95 inside its interval is unsure, which is no pass: the machine is not quiet.

`--choice 1x4x1` judges that setting, too, and `--runs 0` nothing else: so it is seen that a worse one fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, stdev

from rich import box
from rich.console import Console
from rich.table import Table

from browserconc.lab.process import Household
from browserconc.model.tuning import Ask, Setting
from browserconc.tuning import Found, Here, Wanted

TARGET = 0.95
SURE = 0.015
"""The standard error from which on a ratio near the target says nothing."""
WINDOW_NS = 1_500_000_000
OPEN_NS = 300_000_000
"""Nothing is measured while the tabs are opened and load their first pages."""
HEATS = ((8, 2, 2_500_000_000), (4, 2, 4_000_000_000))
"""How many of the best go on to be measured in turns, how many turns each has, and how long one is."""
RIVALS = 2
TURN_NS = 5_000_000_000
LEAST_BLOCKS = 4
MOST_BLOCKS = 16
STUDENT95 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13)
"""97.5th percentile of Student's t with 1, 2, … degrees of freedom."""
GRID = [
    *(Setting(1, contexts, 1) for contexts in (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32)),
    *(Setting(1, contexts, 2) for contexts in (1, 2, 4, 6, 8, 12)),
    *(Setting(1, contexts, 4) for contexts in (1, 2, 3, 4, 6)),
    *(Setting(1, contexts, 8) for contexts in (1, 2, 3)),
    Setting(1, 1, 16),
    *(Setting(2, contexts, 1) for contexts in (1, 2, 4, 8)),
    *(Setting(2, contexts, 2) for contexts in (2, 4)),
    *(Setting(2, contexts, 4) for contexts in (1, 2)),
    *(Setting(browsers, 1, 1) for browsers in (4, 6)),
]

Rates = Mapping[Setting, float]


@dataclass(frozen=True)
class Ratio:
    """A choice's rate over the best rival's, with its 95 % interval and its standard error."""

    value: float
    low: float
    high: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    @property
    def decided(self) -> bool:
        """Whether the target lies outside of the interval."""
        return not self.low < TARGET < self.high

    @property
    def verdict(self) -> str:
        """Whether it is within the target; what nobody can tell is not."""
        if not self.decided and self.error > SURE:
            return "unsure: too much else runs here"
        return "within 5 %" if self.value >= TARGET else "missed"


def judged(blocks: Sequence[Rates], choice: Setting, rivals: Sequence[Setting]) -> Ratio:
    """The choice against the best rival, which for each block is the one that the others found."""
    logs = [
        log(block[choice] / block[best_of([*blocks[:n], *blocks[n + 1 :]], rivals)])
        for n, block in enumerate(blocks)
    ]
    error = stdev(logs) / sqrt(len(logs))
    reach = STUDENT95[len(logs) - 2] * error
    return Ratio(*(exp(fmean(logs) + shift) for shift in (0, -reach, reach)), error)


def best_of(blocks: Sequence[Rates], settings: Sequence[Setting]) -> Setting:
    """The one with the highest mean rate."""
    return max(settings, key=lambda setting: fmean(block[setting] for block in blocks))


def in_turns(settings: Sequence[Setting], rounds: int, turn_ns: int) -> dict[Setting, float]:
    """The mean rate of each, from windows that alternate, in browsers of their own."""
    turns = [setting for round_ in range(rounds) for setting in settings[:: -1 if round_ % 2 else 1]]
    asks = [Ask(each, OPEN_NS, "open", alone=False) for each in settings]
    asks += [Ask(each, turn_ns, "turn", alone=False) for each in turns]
    measured = asyncio.run(rates(asks))[len(settings) :]
    by_setting: dict[Setting, list[float]] = {}
    for setting, rate in zip(turns, measured, strict=True):
        by_setting.setdefault(setting, []).append(rate)
    return {setting: fmean(found) for setting, found in by_setting.items()}


async def rates(asks: Sequence[Ask]) -> list[float]:
    """Pages per second of each window, in browsers that are closed afterwards."""
    with Household() as household:
        async with Here(household, Wanted(), Found()) as here:
            return [(await here.run(ask)).pages_per_s for ask in asks]


def grid() -> dict[Setting, float]:
    """Every setting once; of those that went on to the heats what they were measured there."""
    asks = [Ask(setting, WINDOW_NS, "grid") for setting in GRID]
    found = dict(zip(GRID, asyncio.run(rates(asks)), strict=True))
    kept = list(GRID)
    for places, rounds, turn_ns in HEATS:
        kept = sorted(kept, key=lambda setting: found[setting], reverse=True)[:places]
        found.update(in_turns(kept, rounds, turn_ns))
    # The last heat's come first: their rates are surer than those that did not reach it.
    order = [*sorted(kept, key=lambda setting: found[setting], reverse=True), *GRID]
    return {setting: found[setting] for setting in dict.fromkeys(order)}


def tuned(budget_s: float) -> tuple[Setting, float]:
    """What `browserconc tune` chooses, and how long the whole command takes."""
    begun = time.monotonic()
    tune = [sys.executable, "-m", "browserconc", "tune", "--quiet", "--json", "-"]
    done = subprocess.run(
        [*tune, "--budget", str(budget_s)], capture_output=True, text=True, timeout=budget_s + 60, check=True
    )
    chosen = json.loads(done.stdout)["chosen"]
    return Setting(chosen["browsers"], chosen["contexts"], chosen["tabs"]), time.monotonic() - begun


def blocks_until_sure(
    choices: Sequence[Setting], rivals: Sequence[Setting], until: float
) -> tuple[list[Rates], dict[Setting, Ratio]]:
    """Measures blocks until all choices are decided, or `until` on the monotonic clock; and their ratios."""
    blocks: list[Rates] = []
    found: dict[Setting, Ratio] = {}
    order = list(dict.fromkeys([*choices, *rivals]))
    took_s = 0.0
    while len(blocks) < LEAST_BLOCKS or (
        len(blocks) < MOST_BLOCKS
        and not all(ratio.decided for ratio in found.values())
        and time.monotonic() + took_s < until
    ):
        begun = time.monotonic()
        blocks.append(in_turns(order[:: -1 if len(blocks) % 2 else 1], 2, TURN_NS))
        took_s = time.monotonic() - begun
        if len(blocks) > 1:
            found = {choice: judged(blocks, choice, rivals) for choice in choices}
    return blocks, found


def parsed(text: str) -> Setting:
    """`1x16x1`: browsers, contexts in each, tabs in each."""
    browsers, contexts, tabs = map(int, text.split("x"))
    return Setting(browsers, contexts, tabs)


def main() -> int:
    """Prints the grid's best and each run; 0 if all are within the target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--choice", type=parsed, action="append", help="judged beside what tune chooses")
    parser.add_argument("--rival", type=parsed, action="append", help="instead of measuring the grid")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    whole = {} if options.rival else grid()
    rivals = options.rival or list(whole)[:RIVALS]
    runs = [tuned(options.budget) for _ in range(options.runs)]
    runs += [(each, 0.0) for each in options.choice or ()]
    blocks, ratios = blocks_until_sure([choice for choice, _ in runs], rivals, until)
    means = {each: exp(fmean(log(block[each]) for block in blocks)) for each in blocks[0]}
    passed = [ratios[choice].verdict == "within 5 %" and took_s <= options.budget for choice, took_s in runs]
    if options.json:
        found = {
            "grid": {str(each): rate for each, rate in whole.items()},
            "blocks": [{str(each): rate for each, rate in block.items()} for block in blocks],
            "runs": [
                {"chosen": str(choice), "seconds": took_s, "passed": good, **vars(ratios[choice])}
                for (choice, took_s), good in zip(runs, passed, strict=True)
            ],
        }
        print(json.dumps(found, indent=2))
    else:
        table = Table(box=box.SIMPLE)
        for name in ("chosen", "seconds", "ratio", ""):
            table.add_column(name)
        for choice, took_s in runs:
            table.add_row(str(choice), f"{took_s:.1f}", str(ratios[choice]), ratios[choice].verdict)
        console = Console()
        console.print("grid: " + ", ".join(f"{each} {rate:.1f}" for each, rate in whole.items()))
        console.print(table)
        console.print(
            f"pages/s, means of {len(blocks)} blocks: "
            + ", ".join(f"{each} {rate:.2f}" for each, rate in means.items())
        )
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
