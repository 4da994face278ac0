"""How large the HTML page is and how soon it can be used: `python -m benchmarks.page [--rounds 5]`.

Renders the default comparison with ten strategies, and 2,000 requests of one, and opens each anew:

* size: bytes of the file; the target is below 1,000,000 for ten strategies
* render: ms to write it
* ready: ms from opening to `DOMContentLoaded`'s end, by when every chart is there; the target is 1,000
* frame, slowest: median and 95th percentile, in ms, between frames while the longest chart scrolls

Numbers are medians over the rounds, but for `ready`, which is the best and the worst.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from browserconc.lab import installed_browsers
from browserconc.model.finding import Result
from browserconc.report import html
from tests.golden import results

SCROLL = """async () => {
  const boxes = [...document.querySelectorAll(".rows")];
  const box = boxes.reduce((one, other) => (other.scrollHeight > one.scrollHeight ? other : one));
  const frames = [];
  let last = performance.now();
  for (let turn = 0; turn < 120; turn += 1) {
    box.scrollTop += 97;
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  frames.sort((a, b) => a - b);
  return [frames[60], frames[114]];
}"""
READY = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def ten_strategies() -> Result:
    """The default run and four of its trials again."""
    result = results.default_run()
    more = [
        replace(trial, id=f"{trial.id}-b", strategy=f"{trial.strategy}-b") for trial in result.trials[1:5]
    ]
    return replace(result, trials=(*result.trials, *more))


def two_thousand() -> Result:
    """One strategy, each request with an address of its own."""
    requests = [
        replace(request, url=f"http://127.0.0.1:5000/slow?tab={request.index}")
        for request in results.in_batches(2000, 6)
    ]
    trial = results.trial("tabs-distinct", requests, "limited", sustained=6, cause="host-limit", limit=6)
    return results.result([trial], results.default_run().conclusion)


def measure(browser: Browser, result: Result, rounds: int, folder: Path) -> list[str]:
    """One row of the table."""
    file = folder / "page.html"
    rendered, ready, frames = [], [], []
    for _ in range(rounds):
        begun = time.monotonic_ns()
        text = html.render(result)
        rendered.append((time.monotonic_ns() - begun) / 1e6)
        file.write_text(text, encoding="utf-8")
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(file.as_uri())
        ready.append(page.evaluate(READY))
        frames.append(page.evaluate(SCROLL))
        page.close()
    return [
        f"{file.stat().st_size:,}",
        f"{median(rendered):.0f}",
        f"{min(ready):.0f}-{max(ready):.0f}",
        *(f"{median(column):.0f}" for column in zip(*frames, strict=True)),
    ]


def main() -> None:
    """Measures both pages and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    path = installed_browsers.find()
    if path is None:
        raise SystemExit("There is no browser; `browserconc doctor --install-browser` provides one.")
    table = Table("page", "size", "render", "ready", "frame", "slowest")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, result in (("ten strategies", ten_strategies()), ("2,000 requests", two_thousand())):
            table.add_row(name, *measure(browser, result, rounds, Path(folder)))
        browser.close()
    Console().print(table)


if __name__ == "__main__":
    main()
