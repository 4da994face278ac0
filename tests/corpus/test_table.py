"""The corpus itself: enough cases, labels of the catalogue, every cause staged or its absence explained."""

from __future__ import annotations

import pytest

from browserconc.analysis.causes import CAUSES
from tests.contract.test_readme import CONTRACT_CAUSES
from tests.corpus.case import PARALLEL, Case, Label, outcome
from tests.corpus.cases import CASES
from tests.corpus.stage import APPS, filled, free_ports

NOT_STAGED = {
    "client-serial": "the client is browserconc",
    "staggered-start": "the client is browserconc",
    "interception": "the client is browserconc",
    "machine-saturated": "`benchmarks/corpus.py --busy` loads the machine under every case",
    "hidden-tab": "Playwright shows every tab",
    "proxy-limit": "diagnose goes through no proxy",
    "browser-overhead": "no server and no page brings it about",
}
"""Causes without a case, and why."""


def test_there_are_enough_cases_and_their_names_are_unique():
    names = [case.id for case in CASES]
    assert len(names) >= 30
    assert len(set(names)) == len(names)


def test_the_readme_counts_them():
    readme = (APPS.parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"holds {len(CASES)} cases" in readme


def test_every_cause_is_staged_or_said_not_to_be():
    staged = {label.cause for case in CASES for label in case.labels} - {None}
    assert staged <= set(CONTRACT_CAUSES)
    assert staged | set(NOT_STAGED) == set(CONTRACT_CAUSES)
    assert not staged & set(NOT_STAGED)


def test_labels_name_the_culprit_of_the_catalogue():
    culprits = {cause.id: cause.culprit for cause in CAUSES}
    for case in CASES:
        for label in case.labels:
            if label.cause in culprits:
                assert label.culprit == culprits[label.cause], case.id


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_case_can_be_staged(case: Case):
    blanks = dict.fromkeys(("apps", "place", "python", "port", "origin", "certificate", "key"), "x")
    assert case.checks, "nothing shows that it is what it says"
    for program in case.programs:
        assert all(word.format(**blanks) for word in program.argv)
        assert filled(program.environment, blanks) is not None
        assert program.template is None or (APPS / program.template).is_file()
    page = APPS / "pages" / case.path.strip("/")
    assert not case.path.endswith(".html") or page.is_file()


def test_nothing_of_the_package_knows_a_case():
    package = APPS.parents[2] / "browserconc"
    text = "".join(file.read_text(encoding="utf-8") for file in package.rglob("*.py"))
    for word in (
        "tests.corpus",
        "flask_shop",
        "/reports/monthly",
        "/api/orders",
        "/checkout",
        "dashboard.html",
    ):
        assert word not in text


def test_free_ports_differ():
    assert len(set(free_ports(2))) == 2


def conclusion(
    culprit: str | None, cause: str | None, limit: int | None, **more: int | None
) -> dict[str, object]:
    limits = {"server_limit": None, "browser_limit": None, **more}
    return {"culprit": culprit, "cause": cause, "limit": limit, **limits}


LOCKED = Label("browser", "cache-lock", 1, server_limit=None)
SERIAL = Label("server", "server-width", 1)
RATE = Label("server", "rate-limit", ...)


@pytest.mark.parametrize(
    ("labels", "said", "kind", "expected"),
    [
        ((LOCKED,), conclusion("browser", "cache-lock", 1), "serial", "right"),
        ((LOCKED,), conclusion("browser", "cache-lock", 1, server_limit=4), "serial", "wrong"),
        ((LOCKED,), conclusion("browser", "host-limit", 6), "limited", "wrong"),
        ((LOCKED,), conclusion(None, None, None), "concurrent", "wrong"),
        ((LOCKED,), conclusion(None, None, None), "undecided", "undecided"),
        ((LOCKED, SERIAL), conclusion("server", "server-width", 1, server_limit=1), "serial", "right"),
        ((SERIAL,), conclusion("server", "server-width", 2, server_limit=2), "limited", "wrong"),
        ((RATE,), conclusion("server", "rate-limit", 3), "limited", "right"),
        ((PARALLEL,), conclusion(None, None, None), "concurrent", "right"),
        ((PARALLEL,), conclusion(None, None, None), "undecided", "undecided"),
        ((PARALLEL,), conclusion("browser", "host-limit", 6), "limited", "wrong"),
    ],
)
def test_an_answer_is_right_undecided_or_wrong(labels, said, kind, expected):
    case = Case("x", "", (), "/", labels, ())
    assert outcome(case, {"conclusion": said, "trials": [{"verdict": {"kind": kind}}]}) == expected
