"""`browserconc report` shows saved surveys and searches again, and says what it cannot do with them."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from browserconc.cli import cli
from tests.golden.surveys import HOSTILE, SURVEYS

GOLDEN = Path(__file__).parents[1] / "golden"


def report(*arguments: object) -> Result:
    ended = CliRunner().invoke(cli, ["report", *map(str, arguments)])
    assert "Traceback" not in ended.output
    return ended


@pytest.mark.parametrize("name", SURVEYS)
def test_every_form_is_written_from_the_json(name: str, tmp_path: Path) -> None:
    page, text, again = (tmp_path / suffix for suffix in ("a.html", "a.md", "a.json"))
    ended = report(GOLDEN / f"{name}.json", "--html", page, "--markdown", text, "--json", again)
    assert ended.exit_code == 0, ended.output
    assert ended.stdout == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    for file in (page, text, again):
        assert file.read_text(encoding="utf-8") == (GOLDEN / f"{name}{file.suffix}").read_text(
            encoding="utf-8"
        )


def test_one_that_goes_to_stdout_has_it_alone() -> None:
    assert json.loads(report(GOLDEN / "limits.json", "--json", "-").stdout)["limits"]
    assert report(GOLDEN / "limits.json", "--html", "-").stdout.startswith("<!doctype html>")


@pytest.mark.parametrize("option", ["--har", "--perfetto", "--junit"])
@pytest.mark.parametrize("name", ["limits", "servers", "tune-usual"])
def test_what_shows_requests_is_wrong_usage(name: str, option: str, tmp_path: Path) -> None:
    ended = report(GOLDEN / f"{name}.json", option, tmp_path / "x")
    assert ended.exit_code == 2
    assert f"{option} shows requests" in ended.output
    assert "--html" in ended.output
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["limits", "servers", "tune-usual"])
def test_a_file_that_lacks_something_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    whole = json.loads((GOLDEN / f"{name}.json").read_bytes())
    del whole["environment"]
    (tmp_path / "a.json").write_text(json.dumps(whole))
    ended = report(tmp_path / "a.json")
    assert ended.exit_code == 3
    assert "environment" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_comparison_cannot_be_shown_again() -> None:
    ended = report(GOLDEN / "diff-slower.json")
    assert ended.exit_code == 3
    assert "browserconc/diff-1" in ended.stderr


@pytest.mark.parametrize("name", ["limits", "servers"])
@pytest.mark.parametrize("suffix", ["txt", "html", "md"])
def test_foreign_text_is_harmless_everywhere(name: str, suffix: str) -> None:
    text = (GOLDEN / f"{name}.{suffix}").read_text(encoding="utf-8")
    assert "{{ 7 * 7 }}" in unescape(text)
    assert not {"\x1b", "\u2028"} & set(text)
    if suffix != "txt":
        assert "<script" not in text
    assert "<script" in HOSTILE


@pytest.mark.parametrize("name", SURVEYS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_but_code_is_wider_than_the_terminal(name: str, width: int) -> None:
    text = SURVEYS[name]().on_terminal(width=width)
    assert max(map(len, text.split("  playwright-python\n")[0].splitlines())) <= width
