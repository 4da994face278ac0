"""Is the measured capacity of every server of fixed width the one that it states, again and again?

    python benchmarks/server_capacity.py [RUNS] [NAME…]

Prints for each server how often stated and measured agreed, and how long a survey took. Exits 1 if
they ever disagreed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter

from browserconc import survey
from browserconc.model.server_row import ServerRow

FIXED = (
    "werkzeug-single",
    "werkzeug-forking:4",
    "gunicorn-sync:1",
    "gunicorn-sync:4",
    "gunicorn-gthread:1x3",
    "gunicorn-gthread:2x4",
    "waitress:4",
)


class Silent:
    """Hears nothing of the progress."""

    def trial_started(self, id: str, strategy: str, tabs: int, expected_s: float | None = None) -> None:
        """A server is started."""

    def trial_ended(self, id: str, text: str) -> None:
        """It has been measured."""


def main() -> int:
    """Surveys the servers again and again; 1 if stated and measured ever differed."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    names = sys.argv[2:] or list(FIXED)
    agreed: Counter[str] = Counter()
    others: dict[str, list[object]] = {name: [] for name in names}
    for number in range(runs):
        rows: list[ServerRow] = []
        began = time.monotonic()
        asyncio.run(survey.measure(names, Silent(), rows))
        took_s = time.monotonic() - began
        same = sum(row.error is None and row.measured == row.stated for row in rows)
        print(f"run {number + 1}: {took_s:.1f} s, stated = measured for {same} of {len(rows)}", flush=True)
        for row in rows:
            if row.error is None and row.measured == row.stated:
                agreed[row.server] += 1
            else:
                others[row.server].append(row.error or row.measured)
    for name in names:
        print(f"{name:<22} stated = measured in {agreed[name]} of {runs}", *others[name])
    return 0 if all(agreed[name] == runs for name in names) else 1


if __name__ == "__main__":
    sys.exit(main())
