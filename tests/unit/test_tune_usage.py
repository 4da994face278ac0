"""What `browserconc tune` refuses beside browsers that others started."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from browserconc.cli import cli

CDP = ("--cdp", "http://127.0.0.1:9222")
CONNECT = ("--connect", "ws://127.0.0.1:3000/")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((*CDP, *CONNECT), "two ways"),
        ((*CDP, *CDP), "give it once"),
        ((*CDP, "--headed"), "--headed"),
        ((*CONNECT, "--cluster", "local:2"), "--cluster"),
        ((*CDP, "--max-memory", "4GB"), "--max-memory"),
        ((*CDP, "--max-cpu", "80%"), "--max-cpu"),
        ((*CONNECT, "--goal", "memory"), "--goal memory"),
        ((*CDP, "--browser", "/usr/bin/chromium"), "--browser"),
        ((*CONNECT, "--browser", "chrome"), "--browser"),
        ((*CDP, "--browser", "firefox"), "CDP is Chromium's"),
        (("--cdp", "127.0.0.1:9222"), "http://"),
        (("--connect", "http://127.0.0.1:3000"), "ws://"),
    ],
)
def test_it_is_one_sentence(options: tuple[str, ...], sentence: str) -> None:
    ended = CliRunner().invoke(cli, ["tune", "--dry-run", *options])
    assert ended.exit_code == 2, ended.output
    assert sentence in ended.stderr
    assert "Traceback" not in ended.output


@pytest.mark.parametrize("options", [(*CDP, "--cdp", "http://127.0.0.1:9223"), (*CONNECT, *CONNECT)])
def test_several_may_be_given(options: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(cli, ["tune", "--dry-run", *options])
    assert ended.exit_code == 0, ended.output
    assert "in browsers that others started" in ended.stdout
