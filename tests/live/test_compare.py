"""The main job on a real browser and a real server: one run, many questions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from browserconc.lab.installed_browsers import find

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(find() is None, reason="needs a Chromium: browserconc doctor --install-browser"),
]
STRATEGIES = "raw-socket,tabs,tabs-distinct,contexts,incognito,fetch,fetch-distinct,no-cache"
RIGHT = {
    "raw-socket": ("concurrent", None, None),
    "tabs": ("serial", 1, "cache-lock"),
    "incognito": ("serial", 1, "cache-lock"),
    "fetch": ("serial", 1, "cache-lock"),
    "tabs-distinct": ("limited", 6, "host-limit"),
    "fetch-distinct": ("limited", 6, "host-limit"),
    "no-cache": ("limited", 6, "host-limit"),
    "contexts": ("concurrent", None, None),
}


def browserconc(*arguments: str, timeout: float = 100) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "browserconc", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    done = browserconc(
        "compare",
        "--tabs",
        "8",
        "--delay",
        "0.5",
        "--strategies",
        STRATEGIES,
        "--json",
        "-",
        "--out",
        f"{folder}/out",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), Path(folder, "out"), done


def trial_of(result, strategy):
    return next(trial for trial in result["trials"] if trial["strategy"] == strategy)


@pytest.mark.parametrize("strategy", RIGHT)
def test_the_verdict_is_the_truth_or_undecided_with_a_reason(run, strategy):
    verdict = trial_of(run[0], strategy)["verdict"]
    if verdict["kind"] == "undecided":
        assert verdict["doubts"]
    else:
        assert (verdict["kind"], verdict["limit"], verdict["cause"]) == RIGHT[strategy]


def test_equal_urls_cost_a_service_time_each(run):
    tabs, raw = trial_of(run[0], "tabs"), trial_of(run[0], "raw-socket")
    assert tabs["makespan_s"] > 5 * raw["makespan_s"]
    assert tabs["waiting_s"]["cache-lock"] > 0.8 * sum(tabs["waiting_s"].values())


def test_slices_partition_every_request_exactly(run):
    for trial in run[0]["trials"]:
        for request in trial["requests"]:
            edges = [request["start_s"], *(piece["end_s"] for piece in request["slices"])]
            assert [piece["start_s"] for piece in request["slices"]] == edges[:-1]
            assert edges[-1] == request["end_s"]


def test_every_request_was_seen_by_browser_and_server(run):
    for trial in run[0]["trials"]:
        assert len(trial["requests"]) == 8
        assert not any("missing from" in doubt for doubt in trial["verdict"]["doubts"])
        for request in trial["requests"]:
            assert request["status"] == 200
            assert request["server"] is not None
            assert request["local_port"] is not None


def test_the_browser_is_described_by_its_own_words(run):
    browser = run[0]["environment"]["browser"]
    assert browser["version"].split(".")[0].isdecimal()
    assert "--disable-background-networking" in browser["switches"]


def test_the_recording_tells_the_same_again(run):
    result, folder, _ = run
    again = browserconc("report", str(folder), "--json", "-")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == result


def test_stdout_carries_nothing_but_the_result(run):
    done = run[2]
    assert done.stdout.lstrip().startswith("{")
    assert "tabs" in done.stderr


def test_no_credential_is_in_the_recording(run):
    for path in run[1].rglob("*"):
        if path.is_file():
            text = path.read_bytes().lower()
            assert b"set-cookie:" not in text
            assert b"authorization:" not in text
