"""The browser that people really use: with windows, and without the driver's switches."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from browserconc.lab import display
from browserconc.lab.installed_browsers import find
from tests.live.command import run

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(find() is None, reason="needs a Chromium: browserconc doctor --install-browser"),
]
SMALL = ("--tabs", "3", "--delay", "0.3", "--quiet")


def test_of_a_stock_browsers_tabs_only_the_last_is_visible(tmp_path: Path):
    folder = tmp_path / "run"
    ended = run(
        tmp_path, "compare", *SMALL, "--stock-switches", "--workload", "fetch", "--strategies",
        "tabs,tabs-distinct", "--out", str(folder), "--json", str(tmp_path / "result.json")
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    facts = json.loads((folder / "01-tabs" / "trial.json").read_text())["facts"]
    assert len(facts["hidden_tabs"].split(",")) == 2
    result = json.loads((tmp_path / "result.json").read_text())
    switches = result["environment"]["browser"]["switches"]
    assert not any("throttling" in switch or "disable-features" in switch for switch in switches), switches
    assert [trial["verdict"]["cause"] for trial in result["trials"]] == ["cache-lock", None]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Xvfb is for Linux")
def test_windows_are_shown_on_a_display_of_their_own_or_a_sentence_says_why_not(tmp_path: Path):
    ended = run(
        tmp_path, "compare", *SMALL, "--headed", "--strategies", "contexts", "--out", str(tmp_path / "run"),
        "--json", str(tmp_path / "result.json"), environment={"DISPLAY": "", "WAYLAND_DISPLAY": ""}
    )  # fmt: skip
    if display.program() is None:
        assert ended.code == 3
        assert "install Xvfb" in ended.sentence()
        return
    assert ended.code == 0, ended.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["environment"]["browser"]["mode"] == "headed"
    assert result["trials"][0]["verdict"]["kind"] == "concurrent"


def test_stock_switches_are_for_chromium(tmp_path: Path):
    ended = run(
        tmp_path,
        "compare",
        *SMALL,
        "--stock-switches",
        "--strategies",
        "browsers",
        "--out",
        str(tmp_path / "run"),
    )
    assert ended.code == 3
    assert "--stock-switches" in ended.sentence()
