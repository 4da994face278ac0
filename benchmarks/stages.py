"""Runs a command and notes how long its stages took: `python benchmarks/stages.py FILE compare …`.

The stages are functions of the package, wrapped here, so that the package carries no stopwatch. They
overlap where the command does things side by side, and some contain others; FILE gets a JSON object
of seconds per stage, summed over its calls. Used by `whole_command.py --stages`.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEGUN_NS = time.monotonic_ns()

from browserconc import cli, pipeline  # noqa: E402 - how long this takes is the first stage
from browserconc.lab import process, record, release, running  # noqa: E402
from browserconc.lab.browser import browsers, launching, tabs  # noqa: E402
from browserconc.report import progress, result_json, terminal  # noqa: E402, F401

took: defaultdict[str, float] = defaultdict(float)
took["imports"] = (time.monotonic_ns() - BEGUN_NS) / 1e9

STAGES = (
    (browsers.Browsers, "__aenter__", "driver and browser found"),
    (launching.Launcher, "user_data_dir", "browser start"),
    (browsers.Browsers, "_opened", "tabs opened"),
    (browsers.Browsers, "close", "browser and driver closed"),
    (record, "start", "servers started"),
    (running.Running, "stop", "servers stopped"),
    (record, "browser_memory_bytes", "memory read after"),
    (tabs, "browser_pids", "processes before"),
    (record, "browser_cpu_ns", "cpu read"),
    (release, "_armed", "tabs into the gate"),
    (release, "settled", "until the browser is quiet"),
    (record, "_measure", "trials, arming and requests"),
    (browsers, "close_all", "contexts closed"),
    (process.Household, "close", "household closed"),
    (pipeline, "analyze", "analysis"),
    (result_json, "render", "json"),
    (terminal, "render", "terminal report"),
)


def timed(function: Callable[..., Any], stage: str) -> Callable[..., Any]:
    """The same function, with its time added to the stage."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def waited(*args: Any, **named: Any) -> Any:
            begun = time.monotonic_ns()
            try:
                return await function(*args, **named)
            finally:
                took[stage] += (time.monotonic_ns() - begun) / 1e9

        return waited

    @functools.wraps(function)
    def called(*args: Any, **named: Any) -> Any:
        begun = time.monotonic_ns()
        try:
            return function(*args, **named)
        finally:
            took[stage] += (time.monotonic_ns() - begun) / 1e9

    return called


if __name__ == "__main__":
    for owner, name, stage in STAGES:
        if hasattr(owner, name):  # what was renamed is missing from the table, and says so by that
            setattr(owner, name, timed(getattr(owner, name), stage))
    out = Path(sys.argv.pop(1))
    try:
        cli.main()
    finally:
        took["all"] = (time.monotonic_ns() - BEGUN_NS) / 1e9
        out.write_text(json.dumps({stage: round(seconds, 3) for stage, seconds in took.items()}))
