"""What the whole command costs beside its trials: `python benchmarks/whole_command.py [--rounds 3] [--json]`.

Runs `browserconc compare --tabs 10` as a user does, several times, and shows of each run in seconds

* wall: from starting the process to its end; cpu: what it and all it started used
* trials: the sum of the trials' makespans, the part nothing can save
* ratio: (wall - 3 s) / trials; the target is at most 1.35 on a machine that is otherwise idle
* ready, arming, between, finish: where the rest goes, by the recording's own clock: until the first
  trial is ready, from ready to release (all trials), from one trial's end to the next one's being
  ready (all trials), and from the last end to the exit

Numbers at the end are medians. `--stages` adds a run with a stopwatch on the functions that do it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from statistics import median

from rich import box
from rich.console import Console
from rich.table import Table

from browserconc import recording
from browserconc.lab import process
from browserconc.lab.process import Household


@dataclass(frozen=True)
class Whole:
    """One run, or the medians of several; seconds, but for the ratio."""

    wall: float
    cpu: float
    trials: float
    ratio: float
    ready: float
    arming: float
    between: float
    finish: float


def run(options: argparse.Namespace, command: list[str], folder: Path) -> Whole:
    """One run of the command."""
    before, begun = _children_cpu_s(), time.monotonic_ns()
    argv = [*command, "compare", "--tabs", str(options.tabs), "--quiet"]
    argv += ["--out", str(folder / "run"), "--json", str(folder / "result.json")]
    done = process.run(argv, options.timeout)
    ended = time.monotonic_ns()
    if done.returncode != 0:
        raise SystemExit(f"browserconc failed ({done.returncode}): {done.stderr.strip()[-300:]}")
    result = json.loads((folder / "result.json").read_bytes())
    trials = sum(trial["makespan_s"] or 0.0 for trial in result["trials"])
    manifests = [one.manifest for one in recording.load_run(folder / "run")[1]]
    instants = [(m.prepared_ns or 0, m.released_ns or 0, m.ended_ns or 0) for m in manifests]
    wall = (ended - begun) / 1e9
    between = sum(after[0] - before[2] for before, after in pairwise(instants))
    return Whole(
        wall=wall,
        cpu=_children_cpu_s() - before,
        trials=trials,
        ratio=(wall - 3) / trials,
        ready=(instants[0][0] - begun) / 1e9,
        arming=sum(released - prepared for prepared, released, _ in instants) / 1e9,
        between=between / 1e9,
        finish=(ended - instants[-1][2]) / 1e9,
    )


def _children_cpu_s() -> float:
    """User and system time of all that was started and has ended; 0 on Windows, which does not count it."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def middle(runs: list[Whole]) -> Whole:
    """The median of each column."""
    return Whole(**{field.name: median(asdict(each)[field.name] for each in runs) for field in fields(Whole)})


def table(runs: list[Whole]) -> Table:
    """For people: every run, and the medians."""
    shown = Table(box=box.SIMPLE_HEAD, show_footer=True)
    for name, value in asdict(middle(runs)).items():
        shown.add_column(name, footer=f"{value:.2f}", justify="right")
    for each in runs:
        shown.add_row(*(f"{value:.2f}" for value in asdict(each).values()))
    return shown


def main(options: argparse.Namespace) -> None:
    """Runs it, `--rounds` times."""
    program = shutil.which("browserconc", path=str(Path(sys.executable).parent)) or shutil.which(
        "browserconc"
    )
    if program is None:
        raise SystemExit("browserconc is not installed beside this Python: pip install .")
    stages: dict[str, float] = {}
    with Household() as household:
        runs = [run(options, [program], household.folder("run")) for _ in range(options.rounds)]
        if options.stages:
            folder = household.folder("stages")
            script = [sys.executable, str(Path(__file__).with_name("stages.py")), str(folder / "stages.json")]
            run(options, script, folder)
            stages = json.loads((folder / "stages.json").read_bytes())
    if options.json:
        found = {"runs": [asdict(each) for each in runs], "median": asdict(middle(runs)), "stages": stages}
        print(json.dumps(found, indent=1))
        return
    console = Console()
    console.print(table(runs))
    for stage, seconds in sorted(stages.items(), key=lambda item: -item[1]):
        console.print(f"{seconds:8.3f} s  {stage}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tabs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=120.0, help="for one run, in seconds")
    parser.add_argument("--stages", action="store_true", help="one more run, stage by stage")
    parser.add_argument("--json", action="store_true")
    main(parser.parse_args())
