"""Finding browsers: real small executables in folders of our own on the search path."""

import sys
from pathlib import Path

import pytest

from browserconc.lab import installed_browsers
from browserconc.lab.installed_browsers import BrowserError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the scripts are Linux's")

CHROMIUM = "echo 'script: 9: [: unexpected operator' >&2\necho 'Chromium 156.0.1 built on Debian 12'"
SNAP_STUB = "echo 'Command requires the chromium snap to be installed.' >&2\nexit 1"
SNAP_SCRIPT = 'exec /snap/bin/chromium "$@"\n' + CHROMIUM
MISSING_LIBRARY = "echo 'error while loading shared libraries: libnss3.so' >&2\nexit 127"


class Machine:
    """A search path of our own and a home of our own."""

    def __init__(self, root: Path) -> None:
        self.search, self.home = root / "bin", root / "home"
        self.search.mkdir()
        self.home.mkdir()

    def has(self, name: str, script: str) -> Path:
        return self._executable(self.search / name, script)

    def downloaded(self, revision: int, script: str) -> Path:
        cache = self.home / ".cache" / "ms-playwright"
        return self._executable(cache / f"chromium-{revision}" / "chrome-linux64" / "chrome", script)

    @staticmethod
    def _executable(path: Path, script: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(machine.search))
    monkeypatch.setenv("HOME", str(machine.home))
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    absent = {
        kind: tuple(n for n in names if "/" not in n) for kind, names in installed_browsers._LINUX.items()
    }
    monkeypatch.setattr(installed_browsers, "_LINUX", absent)  # this machine's own browsers stay out
    return machine


def test_no_browser_at_all(machine: Machine):
    assert installed_browsers.find("chromium") is None
    assert installed_browsers.find("firefox") is None


def test_chrome_comes_before_chromium_and_edge(machine: Machine):
    edge = machine.has("microsoft-edge", "echo Microsoft Edge 150.0.1")
    assert installed_browsers.find("chromium") == edge
    chromium = machine.has("chromium", CHROMIUM)
    assert installed_browsers.find("chromium") == chromium
    chrome = machine.has("google-chrome", "echo Google Chrome 157.0.1 ")
    assert installed_browsers.find("chromium") == chrome
    assert installed_browsers.find("msedge") == edge
    assert installed_browsers.find("firefox") is None


def test_playwrights_own_comes_first_and_the_newest_of_those(machine: Machine, tmp_path: Path):
    machine.has("chromium", CHROMIUM)
    machine.downloaded(1200, "echo Chromium 150.0.1")
    newest = machine.downloaded(1255, "echo Chromium 159.0.1")
    assert installed_browsers.find("chromium") == newest
    expected = machine.downloaded(1210, "echo Chromium 151.0.1")
    assert installed_browsers.find("chromium", playwright=expected) == expected
    assert installed_browsers.find("chromium", playwright=tmp_path / "missing") == newest


@pytest.mark.parametrize("script", [SNAP_STUB, SNAP_SCRIPT, MISSING_LIBRARY, "exit 0", "echo true 9.1"])
def test_what_does_not_start_as_a_browser_is_none(machine: Machine, script: str):
    stub = machine.has("google-chrome", script)
    assert installed_browsers.find("chromium") is None
    assert installed_browsers.find(str(stub)) is None
    good = machine.has("chromium", CHROMIUM)
    assert installed_browsers.find("chromium") == good


def test_a_link_to_snap_is_no_browser(machine: Machine):
    snap = machine.has("snap", CHROMIUM)
    (machine.search / "chromium").symlink_to(snap)
    assert installed_browsers.find("chromium") is None
    with pytest.raises(BrowserError, match="snap"):
        installed_browsers.version(machine.search / "chromium")


def test_a_path_is_the_only_candidate(machine: Machine, tmp_path: Path):
    chromium = machine.has("chromium", CHROMIUM)
    assert installed_browsers.find(str(chromium)) == chromium
    assert installed_browsers.find(str(tmp_path / "missing")) is None
    assert installed_browsers.find(str(tmp_path)) is None


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (CHROMIUM, "Chromium 156.0.1"),
        ("echo 'Google Chrome 157.0.1 beta '", "Google Chrome 157.0.1"),
        ("echo noise; echo 'Mozilla Firefox 153.7.0esr'", "Mozilla Firefox 153.7.0esr"),
        ("echo 'Chromium 147.0.1 (Developer Build)'", "Chromium 147.0.1"),
    ],
)
def test_the_version_ends_with_its_number(machine: Machine, script: str, expected: str):
    assert installed_browsers.version(machine.has("browser", script)) == expected


def test_a_browser_that_does_not_start_says_why(machine: Machine):
    with pytest.raises(BrowserError, match=r"libnss3\.so"):
        installed_browsers.version(machine.has("chromium", MISSING_LIBRARY))
    plain = machine.search / "notes.txt"
    plain.write_text("no program")
    with pytest.raises(BrowserError, match="not an executable"):
        installed_browsers.version(plain)
