"""The long-form help: one for every cause, of one form, and readable on a narrow terminal."""

from __future__ import annotations

import pytest

from browserconc.analysis.causes import CAUSES
from browserconc.report import cause_guide
from tests.contract.test_readme import CONTRACT_CAUSES


def test_every_cause_of_the_contract_has_a_guide():
    assert cause_guide.names() == sorted(CONTRACT_CAUSES)


@pytest.mark.parametrize("name", cause_guide.names())
def test_a_guide_is_complete_and_fits_the_terminal(name: str):
    guide = cause_guide.load(name)
    assert guide
    cause = next((cause for cause in CAUSES if cause.id == name), None)
    text = cause_guide.render(guide, cause)
    assert all(len(line) <= 80 and line == line.rstrip() for line in text.splitlines())
    assert len(text.splitlines()) <= 60, "one screen and a bit"
    assert guide.threads
    assert all(text.endswith((".", '"', "?")) for text in (guide.symptom, guide.why, guide.by_hand))
    assert all(remedy.endswith(".") for remedy in guide.remedies.values())
    if cause:
        assert set(cause.threads) <= set(guide.threads)


def test_what_is_no_guide_is_refused():
    assert cause_guide.load("../guide/cache-lock") is None
    with pytest.raises(cause_guide.GuideError):
        cause_guide.parse("x", "# title\n\n## Why\n\nbecause\n")
