"""`browserconc report` writes every form of a saved result, and refuses a file that cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from browserconc.cli import cli

SAVED = str(Path(__file__).parents[1] / "golden" / "forum-thread.json")


def test_all_files_at_once_and_the_report_on_stdout(tmp_path: Path) -> None:
    page, har, trace, xml = (tmp_path / name for name in ("a.html", "a.har", "a.trace", "a.xml"))
    arguments = ["report", SAVED, "--html", page, "--har", har, "--perfetto", trace, "--junit", xml]
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    assert "cache lock" in done.stdout
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(json.loads(har.read_bytes())["log"]["entries"]) == 10
    assert json.loads(trace.read_bytes())["traceEvents"]
    assert ElementTree.parse(xml).getroot().tag == "testsuites"


def test_one_that_goes_to_stdout_has_it_alone() -> None:
    done = CliRunner().invoke(cli, ["report", SAVED, "--har", "-"])
    assert json.loads(done.stdout)["log"]["version"] == "1.2"


@pytest.mark.parametrize("option", ["--html", "--har", "--perfetto", "--junit"])
def test_a_file_in_no_folder_is_refused_in_a_sentence(option: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["report", SAVED, option, str(tmp_path / "nowhere" / "x")])
    assert done.exit_code == 3
    assert "there is no such folder" in done.output
    assert "Traceback" not in done.output
