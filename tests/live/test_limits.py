"""The limits of real browsers, each by a real trial: what is fixed is exact, what is drawn is in a range."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from browserconc.lab import installed_browsers
from tests.live.command import run

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(installed_browsers.find("chromium") is None, reason="needs a Chromium"),
]


def measured(place: Path, *arguments: str) -> dict[str, dict[str, object]]:
    ended = run(place, "limits", "--json", "-", *arguments)
    assert ended.code == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["schema"] == "browserconc/limits-1"
    assert told["environment"]["browser"]["version"]
    limits = {limit["id"]: limit for limit in told["limits"]}
    assert not [limit for limit in limits.values() if limit["error"]]
    return limits


def test_chromiums_limits(tmp_path: Path):
    names = (
        "per-host,websocket-handshakes,h2-streams-3,cache-lock-fetch,cache-lock-post,cache-lock-two-contexts"
    )
    kept = tmp_path / "kept"
    found = measured(tmp_path, "--quick", "--only", names, "--out", str(kept))
    values = {name: limit["value"] for name, limit in found.items()}
    # The browser's own log states what was counted.
    assert found["per-host"]["note"] == f"its own log says {values['per-host']}"
    assert (
        values["per-host-two-sites"] == values["per-host-no-credentials"] == 2 * int(str(values["per-host"]))
    )
    assert values["websocket-handshakes"] == values["cache-lock-fetch"] == 1
    assert (values["h2-streams-3"], values["cache-lock-post"], values["cache-lock-two-contexts"]) == (3, 4, 2)
    assert (kept / "limits.json").is_file()


@pytest.mark.skipif(installed_browsers.find("firefox") is None, reason="needs a Firefox")
def test_firefox_differs(tmp_path: Path):
    found = measured(
        tmp_path, "--quick", "--browser", "firefox", "--only", "per-host-navigations,cache-lock-no-store"
    )
    assert int(str(found["per-host-navigations"]["value"])) > 6
    assert found["cache-lock-no-store"]["value"] == 3


def test_a_limit_that_is_none_is_refused(tmp_path: Path):
    ended = run(tmp_path, "limits", "--only", "perhost")
    assert ended.code == 2
    assert "The choices are per-host" in ended.sentence()
