"""What `browserconc compare --cluster` refuses, instead of measuring something else on all hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from browserconc.cli import cli


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--workload", "fetch"), "leave --workload fetch or --cluster away"),
        (("--browser", "chromium,firefox"), "give one --browser"),
        (("--server", "hypercorn-h2"), "leave hypercorn-h2 or --cluster away"),
    ],
)
def test_several_hosts_do_not_measure_another_thing(
    options: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["compare", "--cluster", "local:2", "--out", str(out), *options]
    ended = CliRunner().invoke(cli, arguments)
    assert ended.exit_code == 2, ended.output
    assert sentence in ended.stderr
    assert not out.exists()
