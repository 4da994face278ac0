"""Every case stages what its label says, seen by plain sockets: no browser, no judgement of ours."""

from __future__ import annotations

import pytest

from tests.corpus.case import Case, Check
from tests.corpus.cases import CASES
from tests.corpus.stage import lacking, staged

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_case_is_what_its_label_says(case: Case):
    if reason := lacking(case):
        pytest.skip(reason)
    for check in case.checks:
        if not holds(case, check):
            assert holds(case, check, say_why=True)  # other work on the machine may have disturbed the first


def holds(case: Case, check: Check, *, say_why: bool = False) -> bool:
    """Runs one check against fresh servers, for limits of a rate remember."""
    with staged(case) as url:
        try:
            check(url)
        except AssertionError:
            if say_why:
                raise
            return False
    return True
