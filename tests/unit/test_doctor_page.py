"""The page of checks: readable without colours, at 80 columns, whatever the checks say."""

from hypothesis import given
from hypothesis import strategies as st

from browserconc.model.check import Check
from browserconc.report import doctor

LINES = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=200)
CHECKS = st.builds(Check, LINES, st.sampled_from([True, False, None]), LINES, st.none() | LINES)


def test_good_and_bad_are_words():
    checks = [
        Check("browser", True, "Chromium 156"),
        Check("memory", False, "512 MB", "ask for fewer tabs"),
        Check("sandbox", None, "off"),
    ]
    lines = doctor.render(checks).splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["ok", "browser"], ["!!", "memory"]]
    assert lines[2].strip() == "ask for fewer tabs"
    assert lines[3].startswith("-- ")
    assert lines[-1] == "Look at memory first."


def test_nothing_bad_is_said_in_one_sentence():
    page = doctor.render([Check("sandbox", None, "off"), Check("cores", True, "2")])
    assert page.endswith("This machine has what browserconc needs.\n")


def test_colours_only_where_they_are_wanted():
    checks = [Check("memory", False, "[bold]512 MB[/bold]")]
    assert "\x1b[" not in doctor.render(checks)
    assert "[bold]512" in doctor.render(checks)
    assert "\x1b[" in doctor.render(checks, colour=True)


@given(st.lists(CHECKS, max_size=5))
def test_any_checks_fit_the_page(checks: list[Check]):
    page = doctor.render(checks)
    assert all(len(line) <= doctor.WIDTH for line in page.splitlines())
    assert page.endswith("\n")
