"""What a user may get wrong, and what may go wrong around them: one sentence and the right exit code."""

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from browserconc.lab.installed_browsers import find
from tests.live.command import Command, Ended, run, small

pytestmark = [pytest.mark.live, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]
needs_browser = pytest.mark.skipif(find() is None, reason="needs a Chromium")

WRONG_USAGE = [
    (["--tabs", "0"], "tabs must be 1 to 1000, not 0"),
    (["--tabs", "10000"], "raw-socket alone takes up to 10000"),
    (["--tabs", "x"], "'x' is not a valid integer"),
    (["--delay=-1"], "delay must be 0 to 600 seconds"),
    (["--delay", "nan"], "delay must be 0 to 600 seconds"),
    (["--timeout", "0"], "timeout must be more than 0"),
    (["--repeat", "0"], "repeat must be 1 to 1000"),
    (["--strategies", "tab"], 'did you mean "tabs"?'),
    (["--server", "gunicorn-sync:x"], "'x' is no size of gunicorn-sync"),
    (["--browser", "safari"], "chromium, chrome, msedge"),
    (["smok"], 'did you mean "smoke"?'),
    (["--expect", "contexts"], "Choices: concurrent, limited, serial, undecided"),
    (["--out", ""], "--out"),
]
CANNOT = [
    (["--out", "/proc/here"], "cannot be kept in /proc/here"),
    (["--out", __file__], "choose a folder with --out"),
    (["--json", "nowhere/result.json"], "nowhere/result.json cannot be written"),
    (["--browser", "/no/browser"], "/no/browser is not an executable file"),
    (["--browser", "/bin/ls"], "/bin/ls does not start"),
]


@pytest.mark.parametrize(("arguments", "sentence"), WRONG_USAGE)
def test_wrong_usage_names_what_is_right(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    ended = run(tmp_path, "compare", *arguments)
    assert ended.code == 2
    assert sentence in ended.sentence()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("arguments", "sentence"), CANNOT)
def test_what_prevents_a_measurement_is_said_before_it(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    ended = run(tmp_path, *small("raw-socket,tabs", "--out", "out", *arguments))
    assert ended.code == 3
    assert len(ended.stderr.splitlines()) == 1
    assert sentence in ended.sentence()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of a raw-socket client and, where there is a browser, of three tabs."""
    place = tmp_path_factory.mktemp("run")
    strategies = "raw-socket" if find() is None else "raw-socket,tabs"
    ended = run(place, *small(strategies, "--out", "out", "--json", "result.json"))
    assert ended.code == 0, ended.stderr
    return place


def test_another_run_is_not_written_over(recording: Path) -> None:
    before = sorted(path.stat().st_mtime_ns for path in (recording / "out").rglob("*"))
    ended = run(recording, *small("raw-socket", "--out", "out"))
    assert ended.code == 3
    assert ended.sentence() == "Error: out holds another run already; choose a new folder with --out."
    assert sorted(path.stat().st_mtime_ns for path in (recording / "out").rglob("*")) == before


@pytest.mark.parametrize(
    "content", [b"", b'{"schema": "browserconc/re', b"\0" * 64, os.urandom(999), b"[]", b'{"a": 1}']
)
def test_a_file_that_is_no_result_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_bytes(content)
    ended = run(tmp_path, "report", "file.json")
    assert ended.code == 3
    assert "file.json" in ended.sentence()


@pytest.mark.parametrize("source", ["nothing", ".", "/dev/full"])
def test_what_is_no_recording_is_refused(source: str, tmp_path: Path) -> None:
    ended = run(tmp_path, "report", source)
    assert ended.code == 3
    assert source in ended.sentence()


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes | None]]] = {
    "no ledger": ("01-raw-socket/ledger.jsonl", lambda content: None),
    "garbage in the ledger": (
        "01-raw-socket/ledger.jsonl",
        lambda content: (
            b'{"e":"start"}\n[1]\n\xff\n{"e":[]}\n' + content.replace(b'"port":', b'"port":null,"x":')
        ),
    ),
    "no client's log": ("01-raw-socket/client.jsonl", lambda content: None),
    "garbage in the client's log": ("01-raw-socket/client.jsonl", lambda content: b"\xff\n" + content),
    "no NetLog": ("netlog-1.json", lambda content: None),
    "a NetLog of nothing": ("netlog-1.json", lambda content: b""),
    "a binary NetLog": ("netlog-1.json", lambda content: os.urandom(999)),
    "half a NetLog": ("netlog-1.json", lambda content: content[: len(content) // 2]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_recording_is_judged_by_what_is_left(damage: str, recording: Path, tmp_path: Path) -> None:
    name, change = DAMAGE[damage]
    shutil.copytree(recording / "out", tmp_path / "out")
    path = tmp_path / "out" / name
    if not path.exists():
        pytest.skip("no browser was there to write it")
    content = change(path.read_bytes())
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    ended = run(tmp_path, "report", "out", "--json", "-")
    assert (ended.code, ended.stderr) == (0, "")
    result = json.loads(ended.stdout)
    whole = json.loads((recording / "result.json").read_bytes())
    doubts = [doubt for trial in result["trials"] for doubt in trial["verdict"]["doubts"]]
    known = [doubt for trial in whole["trials"] for doubt in trial["verdict"]["doubts"]]
    assert set(doubts) - set(known), "the damage was passed over in silence"


def children(command: Command, word: str) -> list[psutil.Process]:
    return [process for process in command.household() if word in " ".join(process.cmdline())]


def during(
    place: Path, trial: str, happening: Callable[[Command], object], strategies: str, *more: str
) -> Ended:
    """Runs a comparison, and lets something happen while a trial's requests are with the server."""
    ledger = place / "out" / trial / "ledger.jsonl"
    arguments = ["--tabs", "3", "--delay", "1", "--strategies", strategies, "--out", "out"]
    command = Command(place, "compare", *arguments, *more)
    command.reach(lambda: ledger.exists() and b'"start"' in ledger.read_bytes())
    happening(command)
    ended = command.end()
    ended.sentence()
    assert run(place, "report", "out").code == 0
    return ended


def test_a_server_that_dies_is_named(tmp_path: Path) -> None:
    ended = during(
        tmp_path, "01-raw-socket", lambda it: [p.kill() for p in children(it, "werkzeug.py")], "raw-socket"
    )
    assert ended.code == 3
    assert "The server died during the trial" in ended.sentence()


def test_a_server_that_never_answers_is_named(tmp_path: Path) -> None:
    ended = run(
        tmp_path, "compare", "--tabs", "3", "--delay", "60", "--timeout", "0.3", "--strategies", "raw-socket"
    )
    assert ended.code == 3
    assert "no complete answer within 0.3 s" in ended.sentence()


def test_a_server_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "flask.py").write_text("raise RuntimeError('no such thing')")
    ended = run(tmp_path, *small("raw-socket", "--out", "out"), environment={"PYTHONPATH": str(tmp_path)})
    assert ended.code == 3
    assert ended.sentence() == "RuntimeError: no such thing"  # the last line of the server's own log
    assert "werkzeug-threaded died while it started (exit code 1)" in ended.stderr


@needs_browser
def test_a_browser_that_is_killed_costs_one_trial(tmp_path: Path) -> None:
    ended = during(
        tmp_path, "01-tabs", lambda it: it.browser().kill(), "tabs,tabs-distinct", "--json", "r.json"
    )
    assert ended.code == 3
    assert "tabs could not be measured" in ended.sentence()
    first, second = json.loads((tmp_path / "r.json").read_bytes())["trials"]
    assert all(request["error"] for request in first["requests"])
    assert [request["status"] for request in second["requests"]] == [200] * 3


@needs_browser
def test_a_tab_that_crashes_is_an_error_of_its_own_and_replaced(tmp_path: Path) -> None:
    def crash(command: Command) -> None:
        renderers = [
            p for p in children(command, "--type=renderer") if "--extension-process" not in p.cmdline()
        ]
        renderers[-1].send_signal(signal.SIGSEGV)

    ended = during(tmp_path, "01-tabs-distinct", crash, "tabs-distinct,tabs", "--json", "r.json")
    assert ended.code == 0, ended.stderr
    first, second = json.loads((tmp_path / "r.json").read_bytes())["trials"]
    assert len(first["requests"]) == 3
    assert [request["status"] for request in second["requests"]] == [200] * 3


@needs_browser
def test_without_its_driver_nothing_hangs(tmp_path: Path) -> None:
    ended = during(
        tmp_path, "01-tabs", lambda it: [p.kill() for p in children(it, "run-driver")], "tabs,contexts"
    )
    assert ended.code == 3


@needs_browser
def test_a_browser_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo Chromium 1.2.3 && exit\necho error: no display >&2\nexit 1\n'
    )
    browser.chmod(0o755)
    ended = run(tmp_path, *small("raw-socket,tabs", "--out", "out", "--browser", str(browser)))
    assert ended.code == 3
    assert "did not start (error: no display)" in ended.sentence()
    assert "raw-socket" in run(tmp_path, "report", "out").stdout


def shell(place: Path, line: str, **environment: str) -> Ended:
    """A line of a POSIX shell in which $BC is the command."""
    command = Command(
        place, environment={"BC": f"{sys.executable} -m browserconc", **environment}, shell=line
    )
    return command.end()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("$BC schema | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}", "0"),
        ("$BC schema >&-; echo $? >&2", "0"),
        ("$BC schema <&- >&- 2>&-; echo $?", "0"),
        ("$BC schema >/dev/full; echo $? >&2", "3"),
        ("$BC report nothing 2>/dev/full; echo $?", "3"),
        ("$BC report nothing 2>&-; echo $?", "3"),
    ],
)
def test_broken_standard_streams_are_no_crash(line: str, code: str, tmp_path: Path) -> None:
    ended = shell(tmp_path, line)
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr
    assert (ended.stdout + ended.stderr).split()[-1] == code


def test_whatever_the_terminal_the_report_can_be_read(recording: Path) -> None:
    plain = run(recording, "report", "out", environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert plain.code == 0
    assert plain.stdout.isascii()
    pseudo = "script -qec '$BC report out' /dev/null"
    narrow = shell(recording, pseudo, TERM="dumb", COLUMNS="40")
    assert "\x1b" not in narrow.stdout
    assert max(map(len, narrow.stdout.splitlines())) <= 40


def test_without_a_home_the_run_is_kept_elsewhere_or_refused(tmp_path: Path) -> None:
    ended = run(tmp_path, *small("raw-socket"), environment={"HOME": "/proc", "XDG_CACHE_HOME": "/proc/none"})
    assert ended.code == 3
    assert "choose a folder with --out" in ended.sentence()


def test_ports_are_free_again(tmp_path: Path) -> None:
    ended = run(tmp_path, *small("raw-socket", "--out", "out", "--json", "r.json"))
    assert ended.code == 0
    url = json.loads((tmp_path / "r.json").read_bytes())["trials"][0]["url"]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(url.split(":")[2].split("/")[0]))) != 0
