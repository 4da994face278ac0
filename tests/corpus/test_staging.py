"""Every case stages what its label says, seen by plain sockets: no browser, no judgement of ours."""

from __future__ import annotations

import pytest

from tests.corpus.case import Case
from tests.corpus.cases import CASES
from tests.corpus.stage import lacking, staged

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_case_is_what_its_label_says(case: Case):
    if reason := lacking(case):
        pytest.skip(reason)
    for check in case.checks:  # fresh servers for each: limits of a rate remember
        with staged(case) as url:
            check(url)
