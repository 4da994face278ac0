"""`browserconc diagnose` tells the truth about every case: none wrong, hardly any undecided."""

from __future__ import annotations

import pytest

from tests.corpus.case import Case
from tests.corpus.cases import CASES
from tests.corpus.diagnosing import AT_MOST_S, Diagnosed, diagnosed
from tests.corpus.stage import lacking

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(AT_MOST_S + 60)]

ONE_UNDECIDED_IN = 30
seen: list[Diagnosed] = []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_verdict_is_never_wrong(case: Case):
    if reason := lacking(case):
        pytest.skip(reason)
    answer = diagnosed(case)
    seen.append(answer)
    truths = " or ".join(str(label) for label in case.labels)
    assert answer.outcome != "wrong", f"{truths} was expected, {answer.found} found: {answer.why}"


def test_hardly_any_is_undecided():
    undecided = [
        f"{answer.case.id}: {answer.why}"
        for answer in seen
        if answer.outcome == "undecided" and not answer.case.untold
    ]
    assert len(undecided) <= max(1, len(seen) // ONE_UNDECIDED_IN), undecided
