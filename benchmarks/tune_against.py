"""`python benchmarks/tune_against.py [--seconds 15] [--rounds 2] [--tools DIR] [--json]`: against others.

`browserconc tune` chooses a setting for the built-in page; its code for playwright-python then crawls these
pages, and so do puppeteer-cluster and Crawlee (JavaScript and Python) with their own defaults. They take
turns in one run, with the same browser and the same server, and the server's ledger counts the pages of
all alike, after a third of the time for each to warm up. The others are installed from npm and PyPI into a
temporary folder, or into `--tools`, where they stay. Target: `ratio` (ours over theirs) at least 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from statistics import fmean

from rich import box
from rich.console import Console
from rich.table import Table

from browserconc.evidence import ledger
from browserconc.lab import installed_browsers
from browserconc.lab.process import Household
from browserconc.lab.servers import parse, start
from browserconc.tuning import BUILT_IN

NPM = ("puppeteer", "puppeteer-cluster", "@crawlee/playwright", "playwright")
PYPI = ("crawlee[playwright]",)
ARGS = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
PAGES = 3000

OURS = """\
import asyncio, sys
from playwright.async_api import async_playwright
from browserconc.lab.browser_features import with_disabled_features
urls = [sys.argv[1] + str(n) for n in range({pages})]
async def main():
    async with async_playwright() as p:
        class Chromium:
            async def launch(self):
                return await p.chromium.launch(
                    executable_path=sys.argv[2], args=[*{args}, *with_disabled_features(())]
                )
        class playwright: chromium = Chromium()
{code}
        async def work(page):
            while urls:
                await page.goto(urls.pop())
        await asyncio.gather(*map(work, pages))
asyncio.run(main())
"""
CLUSTER = """\
const {{ Cluster }} = require('puppeteer-cluster');
(async () => {{
  const cluster = await Cluster.launch({{
    puppeteerOptions: {{ executablePath: process.argv[3], args: {args} }},
  }});
  await cluster.task(async ({{ page, data }}) => {{ await page.goto(data); }});
  for (let n = 0; n < {pages}; n++) cluster.queue(process.argv[2] + n);
  await cluster.idle();
}})();
"""
CRAWLEE_JS = """\
const {{ PlaywrightCrawler, log }} = require('@crawlee/playwright');
log.setLevel(log.LEVELS.OFF);
(async () => {{
  const crawler = new PlaywrightCrawler({{
    launchContext: {{ launchOptions: {{ executablePath: process.argv[3], args: {args} }} }},
    requestHandler: async () => {{}},
  }});
  await crawler.run(Array.from({{ length: {pages} }}, (_, n) => process.argv[2] + n));
}})();
"""
CRAWLEE_PYTHON = """\
import asyncio, sys
from crawlee.crawlers import PlaywrightCrawler
async def main():
    crawler = PlaywrightCrawler(
        browser_launch_options={{"executable_path": sys.argv[2], "args": {args}, "chromium_sandbox": False}},
        configure_logging=False,
    )
    @crawler.router.default_handler
    async def handle(context): pass
    await crawler.run([sys.argv[1] + str(n) for n in range({pages})])
asyncio.run(main())
"""


def install(folder: Path) -> None:
    """Puts the others into `folder`, unless they are there."""
    without_browsers = {"PUPPETEER_SKIP_DOWNLOAD": "1", "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    if not (folder / "node_modules").is_dir():
        (folder / "package.json").write_text("{}")
        command = ["npm", "install", "--no-audit", "--no-fund", *NPM]
        environment = {**os.environ, **without_browsers}
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=600, check=True)
    if not (folder / "venv").is_dir():
        venv.create(folder / "venv", with_pip=True)
        command = [str(folder / "venv/bin/pip"), "install", "-q", *PYPI]
        subprocess.run(command, capture_output=True, timeout=600, check=True)


def chosen(budget_s: float) -> dict[str, object]:
    """What `browserconc tune` says."""
    command = [
        sys.executable,
        "-m",
        "browserconc",
        "tune",
        "--quiet",
        "--json",
        "-",
        "--budget",
        str(budget_s),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=budget_s + 60, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def contenders(folder: Path, code: str) -> dict[str, list[str]]:
    """The command of each; the scripts lie in `folder`."""
    inner = "".join(f"        {line}\n" for line in code.splitlines())
    python = str(folder / "venv/bin/python")
    scripts = {
        "ours": ("ours.py", [sys.executable], OURS.format(code=inner, pages=PAGES, args=ARGS)),
        "puppeteer-cluster": ("cluster.js", ["node"], CLUSTER.format(pages=PAGES, args=json.dumps(ARGS))),
        "crawlee-js": ("crawlee.js", ["node"], CRAWLEE_JS.format(pages=PAGES, args=json.dumps(ARGS))),
        "crawlee-python": ("crawlee_.py", [python], CRAWLEE_PYTHON.format(pages=PAGES, args=ARGS)),
    }
    commands = {}
    for name, (file, program, text) in scripts.items():
        (folder / file).write_text(text)
        commands[name] = [*program, str(folder / file)]
    return commands


async def pages_per_s(command: list[str], browser: Path, folder: Path, seconds: float) -> float:
    """Runs one crawler for so long, against a server of its own, and counts the pages it asked for."""
    with Household() as household:
        running = await start(household, parse("gevent"), household.folder("server"))
        place = household.folder("crawler")
        environment = {
            **os.environ,
            "CRAWLEE_STORAGE_DIR": str(place),
            "NODE_PATH": str(folder / "node_modules"),
        }
        url, log = f"{running.origin}{BUILT_IN}&name=", place / "log"
        crawler = household.spawn([*command, url, str(browser)], log=log, environment=environment)
        begun = time.monotonic_ns()
        await asyncio.sleep(seconds)
        end = time.monotonic_ns()
        alive = crawler.poll() is None
        household.stop(crawler)
        if not alive:
            raise SystemExit(f"{command[-1]} ended early: {log.read_text()[-600:]}")
        after = begun + (end - begun) // 3
        tracks = ledger.everything(running.ledger)
        done = [track for track in tracks if "/page?" in track.url and after <= _ended(track) < end]
        return len(done) * 1e9 / (end - after)


def _ended(track: object) -> int:
    span = max((span.end_ns for span in track.spans if span.end_ns is not None), default=0)  # type: ignore[attr-defined]
    return int(span)


def main() -> None:
    """Prints each crawler's pages per second."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--tools", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if shutil.which("npm") is None:
        raise SystemExit("npm is needed to install puppeteer-cluster and Crawlee.")
    browser = installed_browsers.find("chromium")
    if browser is None:
        raise SystemExit("No Chromium was found: run `browserconc doctor --install-browser`.")
    with tempfile.TemporaryDirectory(prefix="tune-against-") as temporary:
        folder = options.tools or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        install(folder)
        tuned = chosen(options.budget)
        commands = contenders(folder, tuned["settings"]["playwright-python"])  # type: ignore[index]
        rates: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                rates[name].append(asyncio.run(pages_per_s(command, browser, folder, options.seconds)))
    means = {name: fmean(found) for name, found in rates.items()}
    if options.json:
        print(json.dumps({"chosen": tuned["chosen"], "pages_per_s": rates}, indent=2))
    else:
        table = Table(box=box.SIMPLE)
        for name in ("crawler", "pages/s", "ratio"):
            table.add_column(name)
        for name, mean in means.items():
            table.add_row(name, f"{mean:.1f}", f"{means['ours'] / mean:.2f}" if mean else "-")
        Console().print(table)


if __name__ == "__main__":
    main()
