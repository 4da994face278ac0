"""Browsers that were started by somebody else than browserconc, on this machine."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from urllib.parse import quote

from browserconc.lab import installed_browsers
from browserconc.lab.process import Household, Process

CHROMIUM = installed_browsers.find("chromium")
STARTING_S = 30.0


def wait_for(process: Process, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STARTING_S
    while not ready():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def running_chromium(household: Household) -> str:
    """The address of the debugging port of a Chromium that was started by somebody else."""
    folder = household.folder("somebody's")
    switches = ("--headless=new", "--no-sandbox", "--remote-debugging-port=0", "--no-first-run")
    process = household.spawn(
        [str(CHROMIUM), *switches, f"--user-data-dir={folder}", "about:blank"], log=folder / "log"
    )
    port = folder / "DevToolsActivePort"
    wait_for(process, lambda: port.is_file() and "\n" in port.read_text())
    return f"http://127.0.0.1:{port.read_text().split()[0]}"


def playwright_server(household: Household) -> str:
    """The address of a Playwright server that starts the installed Chromium."""
    argv = [sys.executable, "-m", "playwright", "run-server", "--host", "127.0.0.1", "--unsafe"]
    log = household.folder("playwright") / "log"
    server = household.spawn([*argv, "--port", "0"], log=log)
    wait_for(server, lambda: "ws://" in log.read_text())
    address = log.read_text().partition("ws://")[2].split()[0]
    options = {"executablePath": str(CHROMIUM), "args": ["--no-sandbox"]}
    return f"ws://{address}?launch-options={quote(json.dumps(options))}"


def served_browser(household: Household) -> str:
    """The address of one running Chromium that every connection gets, as by `browserType.launchServer()`."""
    folder = household.folder("launched")
    config, log = folder / "config.json", folder / "log"
    config.write_text(json.dumps({"executablePath": str(CHROMIUM), "args": ["--no-sandbox"], "port": 0}))
    argv = [sys.executable, "-m", "playwright", "launch-server", "--browser", "chromium"]
    server = household.spawn([*argv, "--config", str(config)], log=log)
    wait_for(server, lambda: "ws://" in log.read_text())
    return "ws://" + log.read_text().partition("ws://")[2].split()[0]
