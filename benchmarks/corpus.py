"""Is the diagnosis right? Runs `browserconc diagnose` on every case of tests/corpus, whose truth is known.

Prints a line per case (expected, found, seconds), then the confusion table: causes expected by causes
found. A case whose program is missing is skipped, and said so. Exit 1 if any verdict was wrong.

    python benchmarks/corpus.py --busy 1
    python benchmarks/corpus.py --only gunicorn --repeat 3 --keep DIR
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the cases belong to the tests

from tests.corpus.cases import CASES
from tests.corpus.diagnosing import Diagnosed, diagnosed
from tests.corpus.stage import lacking


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Other processes that keep so many cores busy."""
    hogs = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(count)]
    for hog in hogs:
        hog.start()
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()


def _spin() -> None:
    while True:
        pass


def confusion(answers: Sequence[Diagnosed]) -> Table:
    """Causes expected (rows) by causes found (columns); where two are true, the one found is expected."""
    pairs = Counter((_expected(answer), _cause(answer.found)) for answer in answers)
    found = sorted({column for _, column in pairs})
    table = Table(box=None, padding=(0, 1), title="expected, by what was found", title_justify="left")
    table.add_column("")
    for number, column in enumerate(found, 1):
        table.add_column(f"{number}", justify="right")
        del column
    for row in sorted({row for row, _ in pairs} | set(found)):
        mark = f"{found.index(row) + 1:>2} " if row in found else "   "
        table.add_row(mark + row, *(str(pairs[row, column] or "·") for column in found))
    return table


def _expected(answer: Diagnosed) -> str:
    labels = [_cause(str(label)) for label in answer.case.labels]
    return _cause(answer.found) if answer.outcome == "right" else labels[0]


def _cause(words: str) -> str:
    return words.rstrip("0123456789 ")


def main() -> int:
    """Runs the cases; exit 1 if any verdict was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose id contains this; several by commas")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--busy", type=int, default=0, help="cores kept busy by other processes")
    parser.add_argument("--keep", type=Path, help="directory for recordings and results")
    parser.add_argument("--json", metavar="FILE|-")
    options = parser.parse_args()
    console = Console(stderr=options.json == "-", highlight=False, soft_wrap=True)
    chosen = [case for case in CASES if any(word in case.id for word in options.only.split(","))]
    answers: list[Diagnosed] = []
    started = time.monotonic()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with busy_cores(options.busy):
        for case in [case for case in chosen for _ in range(options.repeat)]:
            if reason := lacking(case):
                console.print(f"{case.id:<27} skipped: {reason}")
                continue
            answer = diagnosed(case, options.keep)
            answers.append(answer)
            sign = {"right": " ", "undecided": "?", "wrong": "✗"}[answer.outcome]
            expected = " or ".join(str(label) for label in case.labels)
            console.print(f"{sign} {case.id:<27} {expected:<38} {answer.found:<22} {answer.seconds:5.1f} s")
            if answer.outcome != "right":
                console.print(f"    {answer.why}")
    took = time.monotonic() - started
    count = Counter(answer.outcome for answer in answers)
    console.print(confusion(answers))
    console.print(
        f"{len(answers)} cases: {count['right']} right, {count['undecided']} undecided, "
        f"{count['wrong']} wrong; {took:.0f} s"
    )
    if options.json:
        rows = [
            {
                "case": answer.case.id,
                "expected": [str(label) for label in answer.case.labels],
                "found": answer.found,
                "outcome": answer.outcome,
                "seconds": round(answer.seconds, 2),
                "why": answer.why,
            }
            for answer in answers
        ]
        text = json.dumps(rows, indent=1, ensure_ascii=False)
        print(text) if options.json == "-" else Path(options.json).write_text(text, encoding="utf-8")
    return 1 if count["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
