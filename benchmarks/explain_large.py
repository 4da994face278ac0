"""How fast and how lean a large NetLog is explained, against `json.load` of the same file.

    python benchmarks/explain_large.py                100 MB
    python benchmarks/explain_large.py --megabytes 500

The log is made of a real one (`--seed`, else one recorded now by `browserconc compare`): its events
again and again, with ids and times shifted. Both programs run in processes of their own, alternating;
what is printed are the medians of CPU time and memory, and the two ratios. Needs `getrusage`, so no Windows.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import msgspec

ROUNDS = 3
LOAD = "import json, sys; json.load(open(sys.argv[1], encoding='utf-8'))"
EXPLAIN = (
    "import sys; from pathlib import Path; from browserconc.explanation import Choice, explain; "
    "explain(Path(sys.argv[1]), Choice())"
)
CHILD = """
import resource, sys, time
code, path = sys.argv[1], sys.argv[2]
sys.argv = ["", path]
begun = time.process_time_ns()
exec(code)
print(time.process_time_ns() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def recorded(folder: Path) -> Path:
    """A small real log: tabs with one URL and with a query each."""
    run = folder / "run"
    what = ["--tabs", "10", "--delay", "0.1", "--strategies", "tabs,tabs-distinct", "--out", str(run)]
    subprocess.run(
        [sys.executable, "-m", "browserconc", "compare", "-q", *what], check=True, capture_output=True
    )
    return next(run.glob("netlog-*.json"))


def grown(seed: Path, into: Path, size: int) -> int:
    """Writes a log of about `size` bytes; returns how many times the seed's events stand in it."""
    head, events, tail = parts(seed.read_bytes())
    rows = [msgspec.json.decode(line) for line in events]
    instants = [int(row["time"]) for row in rows]
    ids = 1 + max(row["source"]["id"] for row in rows)
    span = max(instants) - min(instants) + 100
    encode = msgspec.json.Encoder().encode
    copies = 0
    with into.open("wb") as file:
        file.write(head)
        while file.tell() < size:
            lines = [encode(shifted(row, copies * ids, copies * span)) for row in rows]
            file.write((b",\n" if copies else b"") + b",\n".join(lines))
            copies += 1
        file.write(tail)
    return copies


def parts(content: bytes) -> tuple[bytes, list[bytes], bytes]:
    """What stands before the events, the events, and what stands behind them."""
    constants, opening, *lines = content.split(b"\n")
    end = next(place for place, line in enumerate(lines) if line.startswith(b'"polledData"'))
    events = [line.rstrip(b",]") for line in lines[:end]]
    return constants + b"\n" + opening + b"\n", events, b"],\n" + b"\n".join(lines[end:])


def shifted(row: dict, ids: int, milliseconds: int) -> dict:  # type: ignore[type-arg]
    """The same event of another source, later."""
    source = row["source"]
    moved = {**source, "id": source["id"] + ids}
    if "start_time" in source:
        moved["start_time"] = str(int(source["start_time"]) + milliseconds)
    params = row.get("params")
    if params and isinstance(params.get("source_dependency"), dict):
        other = params["source_dependency"]
        params = {**params, "source_dependency": {**other, "id": other["id"] + ids}}
    new = {**row, "source": moved, "time": str(int(row["time"]) + milliseconds)}
    return {**new, "params": params} if params else new


def run(code: str, path: Path) -> tuple[float, int]:
    """Seconds of CPU, and bytes of memory at the most, that the code took for the file.

    Both are single-threaded and read the file from the cache; on a machine that is shared, CPU time is
    what they can be compared by.
    """
    done = subprocess.run(
        [sys.executable, "-c", CHILD, code, str(path)], check=True, capture_output=True, text=True
    )
    took_ns, peak = map(int, done.stdout.split())
    return took_ns / 1e9, peak * RSS_UNIT


def main() -> None:
    """Makes the log, runs both, prints the ratios."""
    parser = argparse.ArgumentParser(description="explains a large NetLog, against json.load")
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--seed", type=Path, help="a NetLog to make the large one of")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "large.json"
        copies = grown(given.seed or recorded(Path(place)), log, given.megabytes * 1_000_000)
        size = log.stat().st_size
        ours, theirs = [], []
        for _ in range(given.rounds):
            theirs.append(run(LOAD, log))
            ours.append(run(EXPLAIN, log))
    print(f"{size / 1e6:.0f} MB, {copies} times the events of a real log, {given.rounds} rounds")
    medians = {}
    for name, runs in (("json.load", theirs), ("explain", ours)):
        medians[name] = (median(took for took, _ in runs), median(peak for _, peak in runs))
        took, peak = medians[name]
        print(f"{name:<10} {took:7.2f} s {peak / 1e6:8.0f} MB")
    print(f"speed      {medians['json.load'][0] / medians['explain'][0]:7.2f} x  (wanted: 3 or more)")
    print(f"memory     {medians['explain'][1] / medians['json.load'][1]:7.2f}    (wanted: 0.10 or less)")


if __name__ == "__main__":
    main()
