"""`python benchmarks/tune_snippets.py [--tools DIR] [--proxies]`: does the code that `tune` prints run?

Each library is installed from npm or PyPI into a temporary folder, or into `--tools`, where it stays. The
code for a few settings is put into the smallest program around it, unchanged, and crawls pages of our own;
the server's ledger counts them. With `--proxies` it is the code for contexts with proxies, of which there
is one. Target: every library asks for every page, within a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
import textwrap
import time
import venv
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from rich import box
from rich.console import Console
from rich.table import Table

from browserconc.evidence import ledger
from browserconc.lab import installed_browsers
from browserconc.lab.process import Household
from browserconc.lab.servers import parse, start
from browserconc.model.finding import Environment
from browserconc.model.tuning import Advice, Point, Setting, Tuning, Wear
from browserconc.report.tune_settings import settings

NPM = ("puppeteer", "puppeteer-cluster", "@crawlee/playwright", "playwright")
PYPI = ("crawlee[playwright]", "scrapy-playwright")
ARGS = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
PAGES = 12
TIMEOUT_S = 60.0
SETTINGS = (Setting(1, 3, 1), Setting(1, 1, 3), Setting(2, 2, 2))

PROGRAMS = {
    "playwright-python": """\
        import asyncio, itertools, sys
        from playwright.async_api import async_playwright
        urls = [sys.argv[1] + str(n) for n in range(@PAGES@)]
        async def main():
            async with async_playwright() as p:
                class Chromium:
                    async def launch(self):
                        return await p.chromium.launch(executable_path=sys.argv[2], args=@ARGS@)
                class playwright: chromium = Chromium()
        @CODE@
                async def work(page):
                    while urls:
                        await page.goto(urls.pop())
                await asyncio.gather(*map(work, pages))
        asyncio.run(main())
        """,
    "playwright-node": """\
        import pw from 'playwright';
        const urls = Array.from({ length: @PAGES@ }, (_, n) => process.argv[2] + n);
        const chromium = {
          launch: () => pw.chromium.launch({ executablePath: process.argv[3], args: @ARGS@ }),
        };
        @CODE@
        await Promise.all(pages.map(async page => { while (urls.length) await page.goto(urls.pop()); }));
        await Promise.all(browsers.map(b => b.close()));
        """,
    "puppeteer-cluster": """\
        import all from 'puppeteer-cluster';
        class Cluster extends all.Cluster {
          static launch(options) {
            const own = options.puppeteerOptions ?? {};
            const args = [...@ARGS@, ...(own.args ?? [])];
            const puppeteerOptions = { ...own, executablePath: process.argv[3], args };
            return all.Cluster.launch({ ...options, puppeteerOptions });
          }
        }
        @CODE@
        await cluster.task(async ({ page, data }) => { await page.goto(data); });
        for (let n = 0; n < @PAGES@; n++) cluster.queue(process.argv[2] + n);
        await cluster.idle();
        await cluster.close();
        """,
    "crawlee-python": """\
        import asyncio, functools, sys
        from crawlee import ConcurrencySettings
        from crawlee.browsers import BrowserPool, PlaywrightBrowserPlugin as Plugin
        from crawlee.crawlers import PlaywrightCrawler
        from crawlee.proxy_configuration import ProxyConfiguration
        launch = {"executable_path": sys.argv[2], "args": @ARGS@, "chromium_sandbox": False}
        PlaywrightBrowserPlugin = functools.partial(Plugin, browser_launch_options=launch)
        async def main():
        @CODE@
            @crawler.router.default_handler
            async def handle(context): pass
            await crawler.run([sys.argv[1] + str(n) for n in range(@PAGES@)])
        asyncio.run(main())
        """,
    "crawlee-js": """\
        import { PlaywrightCrawler as Crawler, ProxyConfiguration } from '@crawlee/playwright';
        const launchOptions = { executablePath: process.argv[3], args: @ARGS@ };
        class PlaywrightCrawler extends Crawler {
          constructor(options) {
            const launchContext = { ...options.launchContext, launchOptions };
            super({ ...options, launchContext, requestHandler: async () => {} });
          }
        }
        @CODE@
        await crawler.run(Array.from({ length: @PAGES@ }, (_, n) => process.argv[2] + n));
        """,
    "scrapy-playwright": """\
        import sys
        import scrapy
        from scrapy.crawler import CrawlerProcess
        @CODE@
        own = {name: value for name, value in globals().items() if name.isupper()}
        handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
        class Pages(scrapy.Spider):
            name = "pages"
            async def start(self):
                for n in range(@PAGES@):
                    context = str(n % PLAYWRIGHT_MAX_CONTEXTS) if PLAYWRIGHT_MAX_CONTEXTS > 1 else "default"
                    meta = {"playwright": True, "playwright_context": context}
                    yield scrapy.Request(sys.argv[1] + str(n), meta=meta)
            def parse(self, response): pass
        process = CrawlerProcess({
            **own, "LOG_LEVEL": "ERROR", "DOWNLOAD_HANDLERS": {"http": handler},
            "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": sys.argv[2], "args": @ARGS@},
            "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        })
        process.crawl(Pages)
        process.start()
        """,
}
"""The smallest program around each library's code; @CODE@ stands where it is put, as deep as the marker's
block needs it: see `program`."""
DEPTH = {"playwright-python": 8, "crawlee-python": 4}


def install(folder: Path) -> None:
    """Puts the libraries into `folder`, unless they are there."""
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


def program(crawler: str, code: str) -> str:
    """The whole program of one library."""
    depth = DEPTH.get(crawler, 0)
    around = textwrap.dedent(PROGRAMS[crawler])
    args = json.dumps(ARGS)
    return (
        around.replace("@CODE@", textwrap.indent(code, " " * depth))
        .replace("@ARGS@", args)
        .replace("@PAGES@", str(PAGES))
    )


def snippets(setting: Setting, proxies: tuple[str, ...]) -> dict[str, str]:
    """The code that `tune` would print, by library."""
    point = Point(setting, 1.0, 0.1, 1, 1, 1, 1, 0, 0, 1, 0.5, 0.0, 1)
    advice = Advice(point, (point,), None, None, wear=Wear(100, None, None, 50))
    environment = Environment("", "", "", 1, 1, None)
    tuned = Tuning(environment, "", "throughput", 1, advice, proxies=proxies)
    return {one.crawler: one.code for one in settings(tuned)}


async def ran(crawler: str, code: str, folder: Path, browser: Path) -> tuple[int, float, str]:
    """How many of the pages were asked for, after how many seconds it ended, and what it said last."""
    with Household() as household:
        # A server that takes a proxy's absolute addresses; nobody else finds the host that is asked for then.
        running = await start(household, parse("werkzeug-threaded"), household.folder("server"))
        origin = "http://pages.test" if "PROXY" in code else running.origin
        script = folder / f"snippet_{crawler.replace('-', '_')}{'.py' if crawler in PYTHON else '.mjs'}"
        script.write_text(program(crawler, code.replace("PROXY", running.origin)))
        interpreter = str(folder / "venv/bin/python") if crawler in PYTHON else "node"
        place = household.folder("crawler")
        environment = {**os.environ, "CRAWLEE_STORAGE_DIR": str(place)}
        url, log = f"{origin}/page?resources=1&delay=0&name=", place / "log"
        begun = time.monotonic()
        process = household.spawn(
            [interpreter, str(script), url, str(browser)], log=log, environment=environment
        )
        while process.poll() is None and time.monotonic() - begun < TIMEOUT_S:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.1)
        took_s, code_ = time.monotonic() - begun, process.poll()
        household.stop(process)
        asked = {
            name
            for track in ledger.everything(running.ledger)
            if "/page?" in track.url
            for name in parse_qs(urlsplit(track.url).query).get("name", [])
        }
        last = (log.read_text().strip().splitlines() or [""])[-1] if code_ else ""
        return len(asked), took_s, last[:60]


PYTHON = {"playwright-python", "crawlee-python", "scrapy-playwright"}


def main() -> None:
    """Runs every library's code and prints a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", type=Path)
    parser.add_argument("--proxies", action="store_true")
    parser.add_argument("--only", help="one library")
    options = parser.parse_args()
    browser = installed_browsers.find("chromium")
    if browser is None:
        raise SystemExit("No Chromium was found: run `browserconc doctor --install-browser`.")
    proxies = ("PROXY",) if options.proxies else ()
    table = Table(box=box.SIMPLE)
    for name in ("library", "setting", f"pages of {PAGES}", "seconds", "said"):
        table.add_column(name)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tune-snippets-") as temporary:
        folder = options.tools or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        install(folder)
        for setting in SETTINGS:
            for crawler, code in snippets(setting, proxies).items():
                if options.only in (None, crawler):
                    pages, took_s, said = asyncio.run(ran(crawler, code, folder, browser))
                    failed += pages != PAGES
                    table.add_row(crawler, str(setting), str(pages), f"{took_s:.1f}", said)
    Console().print(table)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
