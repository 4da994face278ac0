"""Ctrl-C and its relatives in every stage: exit code 130, a readable recording, nothing left behind."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from browserconc.lab.installed_browsers import find
from tests.live.command import Command, run

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs the signals of POSIX"),
    pytest.mark.skipif(find() is None, reason="needs a Chromium: browserconc doctor --install-browser"),
]

Stage = Callable[[Command, Path], bool]
FIRST, SECOND = "01-raw-socket", "02-tabs"


def in_flight(trial: str) -> Stage:
    def seen(command: Command, out: Path) -> bool:
        ledger = out / trial / "ledger.jsonl"
        return ledger.exists() and b'"e":"start"' in ledger.read_bytes()

    return seen


def over(trial: str) -> Stage:
    def seen(command: Command, out: Path) -> bool:
        manifest = out / trial / "trial.json"
        return manifest.exists() and b'"error":null' in manifest.read_bytes().replace(b" ", b"")

    return seen


STAGES: dict[str, Stage] = {
    "before anything is started": lambda command, out: out.exists(),
    "while the driver starts": lambda command, out: bool(command.household()),
    "while the browser starts": lambda command, out: command.browser() is not None,
    "between trials": over(FIRST),
    "while tabs arm": lambda command, out: (out / SECOND / "ledger.jsonl").exists(),
    "while raw sockets wait": in_flight(FIRST),
    "while tabs wait": in_flight(SECOND),
    "while it closes": over(SECOND),
}
LONG = {"while raw sockets wait": "30", "while tabs wait": "0.5"}
"""Delays of the endpoint, so that the stage is not over when the signal comes."""


def compare(place: Path, delay: str = "0.2") -> tuple[Command, Path]:
    out = place / "out"
    arguments = ["--tabs", "3", "--delay", delay, "--strategies", "raw-socket,tabs", "--out", str(out)]
    return Command(place, "compare", *arguments), out


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_saves_what_was_measured_and_leaves_nothing(stage: str, tmp_path: Path) -> None:
    command, out = compare(tmp_path, LONG.get(stage, "0.2"))
    command.reach(lambda: STAGES[stage](command, out))
    command.signal(signal.SIGINT, group=True)  # as the terminal does it
    ended = command.end()
    assert ended.code == 130, ended.stderr
    assert "Interrupted" in ended.sentence()
    assert str(out) in ended.sentence()
    report = run(tmp_path, "report", str(out))
    assert report.code == 0, report.stderr


def test_during_the_analysis_it_ends_at_once(tmp_path: Path) -> None:
    command, _ = compare(tmp_path)
    command.reach(lambda: command.browser() is not None)
    command.wait_for(lambda: not any(command.temporary.glob("browserconc-*")))
    command.signal(signal.SIGINT)
    ended = command.end()
    assert ended.code in {0, 130}  # it may have been about to end by itself
    assert ended.sentence()


@pytest.mark.parametrize(("number", "group"), [(signal.SIGTERM, False), (signal.SIGHUP, True)])
def test_other_orders_to_end_are_heeded_alike(number: signal.Signals, group: bool, tmp_path: Path) -> None:
    command, out = compare(tmp_path, "0.5")
    command.reach(lambda: in_flight(SECOND)(command, out))
    command.signal(number, group=group)
    ended = command.end()
    assert ended.code == 130, ended.stderr
    assert "Interrupted" in ended.sentence()
    interrupted = run(tmp_path, "report", str(out))
    assert interrupted.code == 0
    assert "Interrupted." in interrupted.stdout


@pytest.mark.parametrize("stage", ["while the driver starts", "while tabs wait"])
def test_a_second_ctrl_c_ends_the_closing_too(stage: str, tmp_path: Path) -> None:
    command, out = compare(tmp_path, LONG.get(stage, "0.2"))
    command.reach(lambda: STAGES[stage](command, out))
    command.signal(signal.SIGINT, group=True)
    command.signal(signal.SIGINT, group=True)
    ended = command.end()
    assert ended.code == 130, ended.stderr
    assert "Interrupted" in ended.sentence()
    assert run(tmp_path, "report", str(out)).code == 0


@pytest.mark.parametrize("stage", ["while the browser starts", "while tabs wait"])
def test_killed_it_leaves_a_recording_and_nothing_else(stage: str, tmp_path: Path) -> None:
    command, out = compare(tmp_path, LONG.get(stage, "0.2"))
    command.reach(lambda: STAGES[stage](command, out))
    assert command.household()
    command.signal(signal.SIGKILL)
    assert command.end().code == -signal.SIGKILL
    report = run(tmp_path, "report", str(out))
    assert report.code == 0, report.stderr
    if stage == "while tabs wait":
        assert "killed in the middle" in report.stdout


def test_what_nohup_ignores_does_not_end_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["--tabs", "2", "--delay", "1", "--strategies", "raw-socket", "--out", str(out)]
    command = Command(tmp_path, "compare", *arguments, ignoring=[signal.SIGHUP])
    command.reach(lambda: in_flight(FIRST)(command, out))
    command.signal(signal.SIGHUP)
    assert command.end().code == 0
