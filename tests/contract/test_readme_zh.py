"""The Chinese README keeps up with the English one: the same commands, names, options and code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from browserconc.cli import cli
from browserconc.lab.servers import TABLE
from browserconc.lab.strategies import STRATEGIES
from browserconc.profile import names

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
CODE = re.compile(r"```(?:sh|python)\n.*?```", re.DOTALL)


def commands(text: str) -> set[str]:
    return set(re.findall(r"^\| `browserconc (\w+)", text, re.MULTILINE))


def mentioned(word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", CHINESE) is not None


def test_every_command_is_there():
    assert commands(ENGLISH) | set(cli.commands) <= commands(CHINESE)


def test_the_code_is_the_same():
    assert CODE.findall(CHINESE) == CODE.findall(ENGLISH)


@pytest.mark.parametrize("source", [ENGLISH, CHINESE], ids=["README.md", "README.zh-CN.md"])
def test_examples_are_python(source: str):
    for block in re.findall(r"```python\n(.*?)```", source, re.DOTALL):
        compile(block, "README", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_every_name_is_there():
    wanted = [*STRATEGIES, *TABLE, *(name for name, _ in names())]
    assert [name for name in wanted if not mentioned(name)] == []


def test_every_report_is_there():
    options = set(re.findall(r"^\| `(--(?:html|har|perfetto|junit|markdown))", ENGLISH, re.MULTILINE))
    assert len(options) == 5
    assert {option for option in options if not mentioned(option)} == set()


def test_they_name_each_other():
    assert "(README.zh-CN.md)" in ENGLISH
    assert "(README.md)" in CHINESE
