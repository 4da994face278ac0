"""The fields of `browserconc/tune-1` that the contract names are there, with their types."""

from __future__ import annotations

import json

import pytest

from browserconc.report import tune_json
from tests.golden.tunings import TUNINGS

NUMBERS = ("pages_per_s", "p95_s", "cpu_share")
COUNTS = ("browsers", "contexts", "tabs")
SETTINGS = [
    "playwright-python",
    "playwright-node",
    "puppeteer-cluster",
    "crawlee-python",
    "crawlee-js",
    "scrapy-playwright",
]


def test_a_tuning_has_what_the_contract_names():
    found = json.loads(tune_json.render(TUNINGS["tune-usual"]()))
    assert found["schema"] == "browserconc/tune-1"
    assert {"python", "platform", "cpus", "memory_bytes", "browser"} <= set(found["environment"])
    for point in (found["chosen"], *found["points"]):
        assert all(isinstance(point[name], int | float) for name in NUMBERS)
        assert all(isinstance(point[name], int) and point[name] >= 1 for name in COUNTS)
        assert point["rss_bytes"] is None or isinstance(point["rss_bytes"], int)
        assert point["bound_by"] is None or isinstance(point["bound_by"], str)
    assert all(isinstance(point["errors"], int) for point in found["points"])
    assert found["chosen"] in found["points"]
    assert {"sigma", "kappa", "knee", "knee_low", "knee_high"} <= set(found["fit"])
    assert list(found["settings"]) == SETTINGS
    assert all(isinstance(code, str) for code in found["settings"].values())


def test_a_tuning_without_a_choice_says_so():
    found = json.loads(tune_json.render(TUNINGS["tune-interrupted"]()))
    assert found["chosen"] is None
    assert found["points"] == []
    assert found["fit"] is None
    assert found["interrupted"] is True


@pytest.mark.parametrize("name", TUNINGS)
def test_shares_are_shares(name):
    found = json.loads(tune_json.render(TUNINGS[name]()))
    assert all(0 <= share <= 1 for share in found["waiting"].values())
    assert all(0 <= point["cpu_share"] <= 1 for point in found["points"])
