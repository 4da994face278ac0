"""Does `browserconc limits` measure the same again? `python benchmarks/limits_repeat.py [--rounds 5] […]`.

Runs the whole command as a user does, several times; what this script does not know is handed to it
(`--quick`, `--only per-host,cache-lock`, `--browser firefox`). Prints for each limit what the runs
measured. A limit is *fixed* if no run saw a range. Exits 1 if a fixed one differed between runs, or
a run could not measure one that another run could. A range that differs is a browser that draws its
limit at random.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from browserconc.lab import process

Row = dict[str, Any]


def run(program: str, arguments: list[str], timeout_s: float) -> tuple[list[Row], float]:
    """One run of the command: its limits, and what it took in seconds."""
    done = process.run([program, "limits", "--quiet", "--json", "-", *arguments], timeout_s)
    if done.returncode != 0:
        raise SystemExit(f"browserconc limits failed ({done.returncode}): {done.stderr.strip()[-300:]}")
    told = json.loads(done.stdout)
    return told["limits"], told["took_s"]


def seen(row: Row) -> str:
    """`6`, `303-441`, `> 560` where none was seen, `?` where it could not be measured."""
    if row["error"]:
        return "?"
    if row["value"] is None:
        return f"> {row['low']:g}"
    return f"{row['value']:g}" if is_fixed(row) else f"{row['low']:g}-{row['high']:g}"


def is_fixed(row: Row) -> bool:
    """Did all readings of one run agree?"""
    return bool(row["low"] == row["high"] or row["value"] is None)


def differs(rows: list[Row]) -> bool:
    """Is it one that ought to be equal in every run, and was not?"""
    measured = [row for row in rows if not row["error"]]
    drawn = any(not is_fixed(row) for row in measured)
    return 0 < len(measured) < len(rows) or (not drawn and len(set(map(seen, measured))) > 1)


def main() -> int:
    """Runs it, `--rounds` times; 1 if a limit that is fixed was not measured alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--timeout", type=float, default=600.0, help="for one run, in seconds")
    options, others = parser.parse_known_args()
    here = str(Path(sys.executable).parent)
    program = shutil.which("browserconc", path=here) or shutil.which("browserconc")
    if program is None:
        raise SystemExit("browserconc is not installed beside this Python: pip install .")
    rows: dict[str, list[Row]] = {}
    for number in range(options.rounds):
        limits, took_s = run(program, others, options.timeout)
        print(f"run {number + 1}: {len(limits)} limits in {took_s:.1f} s", flush=True)
        for row in limits:
            rows.setdefault(row["id"], []).append(row)
    different = [id for id, found in rows.items() if differs(found)]
    for id, found in rows.items():
        counts = Counter(map(seen, found))
        said = ", ".join(f"{value} ({count} of {len(found)})" for value, count in counts.items())
        errors = {row["error"] for row in found if row["error"]}
        print(" ".join(["!" if id in different else " ", f"{id:<26}", said, *sorted(errors)]))
    print(f"{len(rows) - len(different)} of {len(rows)} limits equal in {options.rounds} runs, or drawn")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
