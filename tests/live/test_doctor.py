"""The doctor on the machine that runs the tests."""

import sys

import pytest

from browserconc.lab import doctor, installed_browsers
from browserconc.report.doctor import render

pytestmark = pytest.mark.live


def test_every_check_reports_something():
    checks = doctor.examine()
    named = [check.name for check in checks]
    assert {"browser", "Playwright", "memory", "open files", "localhost", "sandbox", "clock"} <= set(named)
    assert len(set(named)) == len(named)
    assert all(check.found for check in checks)
    assert all(check.advice for check in checks if check.ok is False)
    assert not [check for check in checks if "could not be found out" in check.found]
    assert all(name in render(checks) for name in named)


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has")
def test_linux_has_the_kernel_facts():
    found = {check.name: check for check in doctor.examine()}
    assert found["clock"].ok
    assert found["TCP_INFO"].ok
    assert found["Playwright"].ok


def test_the_installed_browser_says_its_version():
    path = installed_browsers.find("chromium")
    assert path is not None, "the live tests need a browser: browserconc doctor --install-browser"
    badge, _, number = installed_browsers.version(path).rpartition(" ")
    assert badge
    assert int(number.split(".")[0]) >= 100
