"""The README names what exists, and what exists is in the README."""

import re
from pathlib import Path

import pytest

from browserconc.analysis.causes import CAUSES
from browserconc.cli import cli
from browserconc.lab.servers import TABLE
from browserconc.lab.strategies import STRATEGIES
from browserconc.model.cause import Cause
from browserconc.profile import names

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CONTRACT_STRATEGIES = [
    "raw-socket",
    "tabs",
    "tabs-distinct",
    "tabs-hosts",
    "contexts",
    "user-data-dirs",
    "incognito",
    "fetch",
    "fetch-distinct",
    "no-cache",
    "browsers",
]
CONTRACT_SERVERS = [
    "werkzeug-threaded",
    "werkzeug-single",
    "werkzeug-forking",
    "gunicorn-sync",
    "gunicorn-gthread",
    "gunicorn-gevent",
    "gevent",
    "waitress",
    "sanic",
    "uvicorn",
    "hypercorn-h2",
    "flask-0.12",
    "flask-1.0",
]
CONTRACT_CAUSES = [
    "cache-lock",
    "host-limit",
    "pool-limit",
    "proxy-limit",
    "websocket-handshake",
    "websocket-limit",
    "h2-streams",
    "server-width",
    "server-cpu",
    "event-loop-blocked",
    "session-lock",
    "idle-connection",
    "accept-backlog",
    "rate-limit",
    "proxy-coalesce",
    "connection-setup",
    "localhost-ipv6",
    "client-serial",
    "staggered-start",
    "machine-saturated",
    "shared-renderer",
    "web-lock",
    "load-throttle",
    "hidden-tab",
    "interception",
    "browser-overhead",
]


def mentioned(word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", README) is not None


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_in_the_readme_and_explains_itself(name):
    assert f"`browserconc {name}" in README
    assert cli.commands[name].help


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_the_help_of_every_command_has_an_example(name):
    lines = (cli.commands[name].help or "").split("\b\n")[-1].splitlines()
    assert any(f"browserconc {name}" in line for line in lines)


def test_the_readme_names_no_command_that_does_not_exist():
    assert set(re.findall(r"^\| `browserconc (\w+)", README, re.MULTILINE)) == set(cli.commands)


def test_strategies_are_those_of_the_contract():
    assert set(STRATEGIES) == set(CONTRACT_STRATEGIES)
    assert all(mentioned(name) for name in STRATEGIES)
    assert all(strategy.name == name for name, strategy in STRATEGIES.items())


def test_servers_are_those_of_the_contract():
    assert set(TABLE) == set(CONTRACT_SERVERS)
    assert all(mentioned(name) for name in TABLE)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_causes_are_those_of_the_contract(cause: Cause):
    assert cause.id in CONTRACT_CAUSES
    assert cause.what.endswith(".")
    assert cause.recognised.endswith(".")
    assert cause.remedy.endswith(".")


def test_profiles_are_in_the_readme():
    assert all(mentioned(name) for name, _ in names())


def test_the_readme_opens_with_its_two_commands():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert "browserconc compare" in blocks[0]
    assert "pytest" in blocks[1]
    assert all(len(block.strip().splitlines()) == 1 for block in blocks[:2])


def test_what_diagnose_can_be_told_is_in_its_table():
    told = set(re.findall(r"^\| `(--[a-z-]+)", README.split("### Is the diagnosis right?")[0], re.MULTILINE))
    assert {"--workload", "--http", "--method", "--wait-for"} <= told
