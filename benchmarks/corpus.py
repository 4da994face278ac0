"""Is the diagnosis right? Runs `browserconc diagnose` on every case of tests/corpus, whose truth is known.

Prints a line per case (found, seconds; if it is not right, what was expected and why), then the confusion
table: causes expected by causes found. A case whose program is missing is skipped, and said so.
Exit 1 if any verdict was wrong.

    python benchmarks/corpus.py --busy 1
    python benchmarks/corpus.py --only 'gunicorn*' --repeat 3 --keep DIR
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from string import ascii_letters
from textwrap import fill

from busy import busy_cores

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the cases belong to the tests

from tests.corpus.cases import CASES
from tests.corpus.diagnosing import Diagnosed, diagnosed
from tests.corpus.stage import lacking

WIDTH = 80
INDENTED = {"initial_indent": "    ", "subsequent_indent": "    "}


def confusion(answers: Sequence[Diagnosed]) -> str:
    """Causes expected (rows) by causes found (columns); where two are true, the one found is expected.

    A column is called by the letter that stands before its cause, so that all fit into 80 columns.
    """
    pairs = Counter((_expected(answer), _cause(answer.found)) for answer in answers)
    found = sorted({column for _, column in pairs})
    letters = dict(zip(found, ascii_letters, strict=False))
    rows = sorted({row for row, _ in pairs} | set(found))
    table = [["", *letters.values()]]
    table += [
        [f"{letters.get(row, ' ')} {row}", *(str(pairs[row, column] or "·") for column in found)]
        for row in rows
    ]
    wide = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        " ".join([name.ljust(wide[0]), *map(str.rjust, counts, wide[1:])]).rstrip() for name, *counts in table
    ]
    return "\n".join(["expected, by what was found", *lines])


def line(answer: Diagnosed) -> str:
    """One case: what was found; if it is not right also what was expected, and why."""
    sign = {"right": " ", "undecided": "?", "wrong": "✗"}[answer.outcome]
    head = f"{sign} {answer.case.id:<29} {answer.found:<36} {answer.seconds:5.1f} s"
    if answer.outcome == "right":
        return head
    expected = "expected: " + " or ".join(str(label) for label in answer.case.labels)
    return "\n".join([head, *(fill(each, WIDTH, **INDENTED) for each in (expected, answer.why))])


def _expected(answer: Diagnosed) -> str:
    labels = [_cause(str(label)) for label in answer.case.labels]
    return _cause(answer.found) if answer.outcome == "right" else labels[0]


def _cause(words: str) -> str:
    return re.sub(r" \d+$", "", words)


def main() -> int:
    """Runs the cases; exit 1 if any verdict was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--only",
        metavar="GLOB",
        default="*",
        help="cases whose id matches, such as *-post; several by commas",
    )
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--busy", type=int, default=0, help="cores kept busy by other processes")
    parser.add_argument("--keep", type=Path, help="directory for recordings and results")
    parser.add_argument("--json", metavar="FILE|-")
    options = parser.parse_args()
    report = sys.stderr if options.json == "-" else sys.stdout
    chosen = [case for case in CASES if any(fnmatchcase(case.id, glob) for glob in options.only.split(","))]
    answers: list[Diagnosed] = []
    started = time.monotonic()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with busy_cores(options.busy):
        for case in [case for case in chosen for _ in range(options.repeat)]:
            if reason := lacking(case):
                print(f"  {case.id:<29} skipped: {reason}", file=report)
                continue
            answer = diagnosed(case, options.keep)
            answers.append(answer)
            print(line(answer), file=report, flush=True)
    took = time.monotonic() - started
    count = Counter(answer.outcome for answer in answers)
    print(confusion(answers), file=report)
    print(
        f"{len(answers)} cases: {count['right']} right, {count['undecided']} undecided, "
        f"{count['wrong']} wrong; {took:.0f} s",
        file=report,
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
