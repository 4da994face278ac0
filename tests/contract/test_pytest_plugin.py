"""The plugin costs a suite that does not use it nothing, and says what it offers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from browserconc import pytest_plugin

SOURCE = Path(pytest_plugin.__file__)


def test_nothing_but_pytest_is_imported_before_a_fixture_is_asked_for():
    imported = set()
    for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported == {"__future__", "re", "collections.abc", "pathlib", "typing", "pytest"}


def test_a_suite_that_does_not_use_it_notices_nothing(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing():
            assert "browserconc.pytest_plugin" in sys.modules
            assert not {"playwright", "rich", "msgspec", "flask", "psutil"} & set(sys.modules)
        """
    )
    ran = pytester.runpytest_subprocess("-p", "no:playwright", "-p", "no:xdist")
    ran.assert_outcomes(passed=1)
    ran.stdout.no_fnmatch_line("*= browserconc =*")


def test_it_documents_itself(pytester: pytest.Pytester):
    fixtures = pytester.runpytest_subprocess("--fixtures", "-v")
    fixtures.stdout.fnmatch_lines(["concurrency -- *", "*Measures how many requests run at once*"])
    fixtures.stdout.fnmatch_lines(["live_endpoint -- *", "*Starts the slow endpoint*"])
    pytester.runpytest_subprocess("--markers").stdout.fnmatch_lines(["*pytest.mark.concurrency(n=10*"])
    pytester.runpytest_subprocess("--help").stdout.fnmatch_lines(["*--browserconc-out=DIR*"])
