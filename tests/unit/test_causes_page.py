"""The catalogue as text."""

from browserconc.analysis.causes import CAUSES
from browserconc.report.causes import render


def test_every_cause_stands_there_within_the_width_and_without_trailing_blanks():
    text = render(CAUSES, width=60)
    assert all(f"{cause.id}  ({cause.culprit})" in text for cause in CAUSES)
    assert all(len(line) <= 60 and line == line.rstrip() for line in text.splitlines())
