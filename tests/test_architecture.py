"""Holds the map: who may import whom, who may do I/O, who may print; and that sabotage is noticed.

    cli, pytest_plugin → pipeline → profile → (lab | analysis | report) → evidence → recording → model

Only the source is read, nothing of the package is imported.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "browserconc"

BELOW_LAB = {"evidence", "recording", "model"}
BELOW_PROFILE = BELOW_LAB | {"lab", "analysis", "report", "this_machine"}
STORIES = {
    "pipeline",
    "explanation",
    "explain_recording",
    "diagnosis",
    "diagnose_recording",
    "recorded",
    "observation",
    "survey",
    "survey_command",
    "limit_survey",
    "difference",
    "crawling",
    "tuning",
}
"""What the commands do, each told in a module of its own."""
MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "recording": {"model"},
    "evidence": {"recording", "model"},
    "analysis": {"model"},
    "report": BELOW_LAB,
    "lab": BELOW_LAB,
    "this_machine": {"recording", "model"},
    "profile": BELOW_PROFILE | {"profile_values"},
    "profile_values": BELOW_PROFILE,
    "pipeline": BELOW_PROFILE | {"profile"},
    "explanation": BELOW_PROFILE,
    "diagnose_recording": BELOW_PROFILE,
    "diagnosis": BELOW_PROFILE | {"diagnose_recording", "diagnosis_raw_sockets", "pipeline"},
    "diagnosis_raw_sockets": BELOW_PROFILE | {"diagnose_recording", "pipeline"},
    "explain_recording": BELOW_PROFILE | {"pipeline", "explanation"},
    "observation": BELOW_PROFILE | {"explanation"},
    "recorded": BELOW_PROFILE | {"pipeline", "diagnose_recording"},
    "survey": BELOW_PROFILE | {"survey_command"},
    "survey_command": BELOW_PROFILE,
    "limit_survey": BELOW_PROFILE,
    "crawling": BELOW_PROFILE | {"explanation"},
    "tuning": BELOW_PROFILE | {"crawling"},
    "middleware": {"evidence"},
    "difference": BELOW_PROFILE | {"recorded"},
    "outcome": BELOW_PROFILE | STORIES | {"profile"},
    "aio": BELOW_PROFILE | STORIES | {"outcome", "profile"},
    "sync": {"aio"},
    "watching": BELOW_PROFILE | STORIES | {"aio", "sync", "outcome"},
    "measurement": BELOW_PROFILE | STORIES | {"outcome"},
    "assertions": {"model", "outcome"},
    "pytest_plugin": BELOW_PROFILE | {"assertions", "sync", "measurement", "outcome"},
    "cli": BELOW_PROFILE | STORIES | {"profile"},
    "__main__": {"cli"},
}
"""A part of the package and the parts it may import beside its own; all may import `__version__`."""

PLUGIN_PACKAGES = (
    "browserconc.lab.servers",
    "browserconc.lab.strategies",
    "browserconc.lab.limits",
    "browserconc.analysis.causes",
)
"""Each `__init__` holds the table. A plug-in imports neither the table nor its neighbours."""

ONE_DOOR = {"playwright": "lab/browser/", "subprocess": "lab/process.py"}
"""A file, or a package, that alone imports it."""
PROCESS_CALLS = {"create_subprocess_exec", "create_subprocess_shell", "system", "popen", "posix_spawn"}
STAND_ALONE = {"lab/warden.py", "lab/raw_client.py"}
"""Programs of processes of their own: they start nothing of ours, print and set their exit code."""
MAY_EXIT = STAND_ALONE | {"cli/__init__.py", "__main__.py"}

PURE = ("model", "analysis")
# fmt: off
OUTSIDE_WORLD = {
    "asyncio", "concurrent", "ctypes", "fcntl", "ftplib", "glob", "http", "importlib", "io", "logging",
    "mmap", "multiprocessing", "os", "pathlib", "pickle", "platform", "random", "secrets", "select",
    "selectors", "shelve", "shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3", "ssl",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib.request", "uuid",
}
# fmt: on
WORLD_CALLS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc"}


def offences(path: str, source: str) -> list[str]:
    """What that source would break if it stood at that path, relative to the package."""
    vague = {part.removesuffix(".py").strip("_") for part in path.split("/")} & VAGUE
    found = [f"{name} says nothing about what is in it" for name in vague]
    tree = ast.parse(source)
    for target in imported(path, tree):
        found += import_offences(path, target)
    for node in ast.walk(tree):
        found += statement_offences(path, node)
    return found


def imported(path: str, tree: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere in the source, absolute; of a `from` also each name."""
    package = ["browserconc", *path.split("/")[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in {"import_module", "__import__"}:
            yield from (str(word.value) for word in node.args[:1] if isinstance(word, ast.Constant))


def import_offences(path: str, target: str) -> Iterator[str]:
    part = path.split("/", maxsplit=1)[0].removesuffix(".py")
    top, _, rest = target.partition(".")
    if top in ONE_DOOR and not f"{path}/".startswith(f"{ONE_DOOR[top].rstrip('/')}/"):
        yield f"imports {top}, for which {ONE_DOOR[top]} is the only door"
    if top == "browserconc":
        yield from inner_import_offences(path, part, target, rest.split(".")[0])
    elif part in PURE and any(f"{target}.".startswith(f"{module}.") for module in OUTSIDE_WORLD):
        yield f"imports {top}, but {part} is pure"
    elif part in PURE and top not in sys.stdlib_module_names:
        yield f"imports {top}, but {part} needs the standard library only"


def inner_import_offences(path: str, part: str, target: str, wanted: str) -> Iterator[str]:
    if part == "__init__" or wanted in {part, "__version__"}:
        pass
    elif wanted not in MAY_IMPORT.get(part, set()):
        yield f"{part} imports {wanted or 'the package'}"
    me = "browserconc." + path.removesuffix(".py").replace("/", ".")
    for package in PLUGIN_PACKAGES:
        if not me.startswith(f"{package}.") or me.endswith(".__init__"):
            continue
        if f"{target}.".startswith(f"{package}.") and not f"{target}.".startswith(f"{me}."):
            yield f"a plug-in imports its table or a neighbour: {target}"


def statement_offences(path: str, node: ast.AST) -> Iterator[str]:
    part = path.split("/", maxsplit=1)[0].removesuffix(".py")
    if isinstance(node, ast.Call):
        name = called(node)
        if name in PROCESS_CALLS and path not in {ONE_DOOR["subprocess"], *STAND_ALONE}:
            yield f"{name}() starts a process past lab/process.py"
        builtin = isinstance(node.func, ast.Name)
        if builtin and name == "print" and path not in MAY_EXIT:
            yield "print() outside cli"
        if builtin and name in WORLD_CALLS and part in PURE:
            yield f"{name}() in {part}, which is pure"
    exits = isinstance(node, ast.Name) and node.id in {"SystemExit", "exit", "quit"}
    exits |= isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.exit", "os._exit", "os.abort"}
    exits |= (
        isinstance(node, ast.ImportFrom)
        and node.module == "sys"
        and "exit" in {each.name for each in node.names}
    )
    if exits and path not in MAY_EXIT and not isinstance(getattr(node, "ctx", None), ast.Store):
        yield "ends the process outside cli"


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


SOURCES = sorted(str(file.relative_to(PACKAGE).as_posix()) for file in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES)
def test_every_file_keeps_to_the_map(path: str):
    assert offences(path, (PACKAGE / path).read_text(encoding="utf-8")) == []


def test_every_part_is_on_the_map():
    parts = {path.split("/")[0].removesuffix(".py") for path in SOURCES}
    assert {"model", "recording", "evidence", "lab", "analysis", "report", "profile"} <= parts
    assert parts - {"__init__"} <= set(MAY_IMPORT)


SABOTAGES = [
    ("lab/record.py", "from browserconc.analysis import verdict", "lab imports analysis"),
    ("lab/record.py", "from browserconc import report", "lab imports report"),
    ("lab/record.py", "from .. import pipeline", "lab imports pipeline"),
    ("lab/strategies/tabs.py", "from ...analysis.verdict import judge", "lab imports analysis"),
    ("report/terminal.py", "import browserconc.lab.record", "report imports lab"),
    ("report/terminal.py", "def f():\n    from browserconc.lab import record", "report imports lab"),
    ("report/har.py", "from browserconc import cli", "report imports cli"),
    ("analysis/attribute.py", "from browserconc.recording import load", "analysis imports recording"),
    ("analysis/attribute.py", "from browserconc.evidence import netlog", "analysis imports evidence"),
    ("analysis/correlate.py", "import time", "analysis is pure"),
    ("analysis/correlate.py", "from pathlib import Path", "analysis is pure"),
    ("analysis/causes/cache_lock.py", "import os.path", "analysis is pure"),
    ("analysis/causes/cache_lock.py", "from urllib import request", "analysis is pure"),
    ("analysis/causes/cache_lock.py", "open('x')", "open() in analysis"),
    ("analysis/verdict.py", "import msgspec", "standard library only"),
    ("model/plan.py", "import rich", "standard library only"),
    ("model/plan.py", "import socket", "model is pure"),
    ("model/plan.py", "from browserconc.recording import load", "model imports recording"),
    ("recording.py", "from browserconc.evidence import ledger", "recording imports evidence"),
    ("evidence/netlog.py", "from browserconc.lab import browser", "evidence imports lab"),
    ("profile.py", "from browserconc import pipeline", "profile imports pipeline"),
    ("profile_values.py", "from browserconc import profile", "profile_values imports profile"),
    ("pipeline.py", "import browserconc.cli", "pipeline imports cli"),
    ("cli.py", "from browserconc import pytest_plugin", "cli imports pytest_plugin"),
    ("surprise.py", "from browserconc import model", "surprise imports model"),
    ("lab/record.py", "from playwright.async_api import Page", "the only door"),
    ("lab/strategies/tabs.py", "import playwright.async_api as p", "the only door"),
    ("lab/browser_features.py", "import playwright.async_api as p", "the only door"),
    ("lab/doctor.py", "import subprocess", "the only door"),
    ("lab/doctor.py", "from importlib import import_module\nimport_module('subprocess')", "the only door"),
    ("lab/doctor.py", "import asyncio\nasyncio.create_subprocess_exec('x')", "past lab/process.py"),
    ("evidence/kernel.py", "import os\nos.system('ss -tn')", "past lab/process.py"),
    ("lab/servers/gunicorn.py", "from browserconc.lab.servers import parse", "table or a neighbour"),
    ("lab/servers/gunicorn.py", "from . import werkzeug", "table or a neighbour"),
    ("lab/servers/gunicorn.py", "from .werkzeug import argv", "table or a neighbour"),
    ("lab/strategies/tabs.py", "from browserconc.lab import strategies", "table or a neighbour"),
    ("analysis/causes/cache_lock.py", "from browserconc.analysis.causes import host_limit", "neighbour"),
    ("pipeline.py", "print('done')", "print() outside cli"),
    ("report/terminal.py", "import sys\nif 0:\n    sys.exit(1)", "ends the process"),
    ("report/terminal.py", "from sys import exit", "ends the process"),
    ("profile.py", "raise SystemExit(2)", "ends the process"),
    ("lab/utils.py", "", "says nothing"),
    ("report/helpers/text.py", "", "says nothing"),
    ("analysis/_base.py", "", "says nothing"),
]


@pytest.mark.parametrize(("path", "source", "offence"), SABOTAGES)
def test_sabotage_is_noticed(path: str, source: str, offence: str):
    assert offence in "; ".join(offences(path, source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("lab/strategies/tabs.py", "from browserconc.lab.browser import Browser"),
        ("lab/servers/__init__.py", "from browserconc.lab.servers import gunicorn, werkzeug"),
        ("lab/browser/driver.py", "from playwright.async_api import async_playwright"),
        ("lab/process.py", "import subprocess"),
        ("report/terminal.py", "from rich.console import Console\nConsole().print('x')"),
        ("lab/warden.py", "import sys\nsys.exit(0)"),
        ("analysis/correlate.py", "from urllib.parse import urlsplit"),
        ("analysis/tune.py", "from browserconc.analysis import concurrency\nimport itertools"),
        (
            "report/result_json.py",
            "from browserconc import __version__\nfrom browserconc.model import finding",
        ),
        ("cli/__init__.py", "import sys\nfrom browserconc import pipeline, profile\nprint(1)\nsys.exit(0)"),
    ],
)
def test_what_the_map_allows_is_let_through(path: str, source: str):
    assert offences(path, source) == []
