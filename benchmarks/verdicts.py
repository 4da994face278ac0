"""The same verdict every time? Runs the table of known cases R times, on request beside a busy core.

For every server and strategy it counts the verdicts, checks each against what is known to be true
(a verdict that is `undecided` with a reason is allowed, a wrong one never), and prints the worst
unattributed share of the waiting and the sum of the slices against each request's duration.

    python benchmarks/verdicts.py --repeat 20 --busy 1
    python benchmarks/verdicts.py --servers gunicorn-sync:4 --repeat 5 --json -
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from busy import busy_cores
from rich.console import Console
from rich.table import Table

CACHE_LOCKED = ("tabs", "incognito", "fetch")
SIX_PER_HOST = ("tabs-distinct", "fetch-distinct", "no-cache")
ISOLATED = ("tabs-hosts", "contexts", "browsers", "user-data-dirs")
ALL = ("raw-socket", *CACHE_LOCKED, *SIX_PER_HOST, *ISOLATED)

CASES: dict[str, tuple[str, ...]] = {
    "werkzeug-threaded": ALL,
    "werkzeug-single": ALL,
    "gunicorn-sync:4": ("raw-socket", "contexts", "tabs-distinct"),
    "gunicorn-gthread:2x4": ("raw-socket", "tabs-distinct"),
}


def wrong(  # noqa: PLR0911 - one return per row of the table
    server: str, strategy: str, verdict: dict[str, Any], shares: dict[str, float]
) -> str | None:
    """Why this verdict is not the truth of the case; None if it is."""
    found = (verdict["kind"], verdict["limit"], verdict["cause"])
    if strategy in CACHE_LOCKED:
        if found != ("serial", 1, "cache-lock") or verdict["culprit"] != "browser":
            return "not serial by the cache lock"
        return None if shares.get("cache-lock", 0) >= 0.8 else "cache lock below 80 % of the waiting"
    if server == "werkzeug-single":
        return None if found == ("serial", 1, "server-width") else "not serial by the server"
    if server == "gunicorn-sync:4":
        return None if found == ("limited", 4, "server-width") else "not limited to 4 by the server"
    if server == "gunicorn-gthread:2x4":
        most = 8 if strategy == "raw-socket" else 6
        causes = ("server-width",) if strategy == "raw-socket" else ("server-width", "host-limit")
        right = verdict["kind"] == "limited" and verdict["limit"] <= most and verdict["cause"] in causes
        return None if right else f"not limited to at most {most} by its workers"
    if strategy in SIX_PER_HOST:
        return None if found == ("limited", 6, "host-limit") else "not limited to 6 by the host limit"
    return None if verdict["kind"] == "concurrent" else "not concurrent"


@dataclass
class Row:
    """All repeats of one server and strategy."""

    server: str
    strategy: str
    verdicts: Counter[str] = field(default_factory=Counter)
    undecided: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unattributed: list[float] = field(default_factory=list)
    worst_sum_error_s: float = 0.0


def take(row: Row, trial: dict[str, Any]) -> None:
    """Counts one trial."""
    verdict = trial["verdict"]
    waiting = sum(trial["waiting_s"].values())
    shares = {cause: waited / waiting for cause, waited in trial["waiting_s"].items()} if waiting else {}
    limit = "" if verdict["limit"] is None else f" {verdict['limit']}"
    row.verdicts[f"{verdict['kind']}{limit} {verdict['cause'] or ''}".strip()] += 1
    row.unattributed.append(shares.get("unattributed", 0.0))
    for request in trial["requests"]:
        total = sum(piece["end_s"] - piece["start_s"] for piece in request["slices"])
        error = abs(total - (request["end_s"] - request["start_s"]))
        row.worst_sum_error_s = max(row.worst_sum_error_s, error)
    if verdict["kind"] == "undecided":
        row.undecided.append(verdict["doubts"][0])
    elif why := wrong(row.server, row.strategy, verdict, shares):
        row.wrong.append(why)


def run(server: str, strategies: tuple[str, ...], repeat: int) -> list[dict[str, Any]]:
    """The trials of one `browserconc compare`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "result.json")
        command = [sys.executable, "-m", "browserconc", "compare", "--server", server, "--tabs", "10"]
        command += ["--strategies", ",".join(strategies), "--repeat", str(repeat), "--quiet"]
        command += ["--json", str(out), "--out", str(Path(folder, "recording"))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} exited with {done.returncode}: {done.stderr.strip()}")
        return [t for t in json.loads(out.read_text())["trials"] if t["server"] == server]


def main() -> int:
    """Runs the cases; exit 1 if any verdict was wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--busy", type=int, default=0, help="cores kept busy by other processes")
    arguments.add_argument("--servers", default=",".join(CASES))
    arguments.add_argument("--strategies", help="only these")
    arguments.add_argument("--json", metavar="FILE|-")
    options = arguments.parse_args()
    rows: dict[tuple[str, str], Row] = {}
    with busy_cores(options.busy):
        for server in options.servers.split(","):
            chosen = CASES[server]
            if options.strategies:
                chosen = tuple(name for name in options.strategies.split(",") if name in chosen)
            for _ in range(options.repeat):  # one command per repeat: a fresh browser each time
                for trial in run(server, chosen, 1):
                    key = (server, trial["strategy"])
                    take(rows.setdefault(key, Row(*key)), trial)
    table = Table(box=None, padding=(0, 1))
    for name in ("server", "strategy", "verdicts", "wrong", "undecided", "unattributed"):
        table.add_column(name)
    for row in rows.values():
        verdicts = ", ".join(f"{count} x {verdict}" for verdict, count in row.verdicts.most_common())
        table.add_row(
            row.server,
            row.strategy,
            verdicts,
            str(len(row.wrong)),
            str(len(row.undecided)),
            f"<= {max(row.unattributed):.1%}",
        )
    Console(stderr=options.json == "-").print(table)
    for row in rows.values():
        for reason in [*row.wrong, *row.undecided]:
            print(f"{row.server} {row.strategy}: {reason}", file=sys.stderr)
    if options.json:
        text = json.dumps([row.__dict__ for row in rows.values()], indent=1)
        print(text) if options.json == "-" else Path(options.json).write_text(text)
    return 1 if any(row.wrong for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
