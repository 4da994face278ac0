"""The pytest plugin in suites of its users, against real browsers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

SUITE = """
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

class OneAtATime(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    turn = threading.Lock()

    def do_GET(self):
        with self.turn:
            time.sleep(0.4)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass

@pytest.fixture
def serial_server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), OneAtATime)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()

def test_contexts_are_parallel(concurrency, live_endpoint):
    concurrency.measure(live_endpoint().url(0.5), n=4).assert_parallel(at_least=4)

@pytest.mark.concurrency(n=4, strategy="tabs")
def test_the_marker_says_what_is_measured(concurrency, live_endpoint):
    seen = concurrency.measure(live_endpoint().url(0.4))
    seen.assert_serial()
    assert seen.cause == "cache-lock"

def test_a_narrow_server_is_a_limit(concurrency, live_endpoint):
    url = live_endpoint("gunicorn-sync:2").url(0.4)
    concurrency.measure(url, n=6, strategy="raw-socket").assert_limit(2, cause="server-width")

def test_code_for_a_page_of_a_server_that_is_not_ours(concurrency, serial_server):
    async def visit(page):
        await page.goto(serial_server)
    concurrency.measure(visit, n=4).assert_serial()

def test_a_crawler_that_asks_one_after_the_other(concurrency, live_endpoint):
    url = live_endpoint().url(0.2)
    def crawl():
        for _ in range(4):
            urllib.request.urlopen(url).read()
    concurrency.measure(crawl, n=1).assert_serial()
    with pytest.raises(AssertionError, match="expected at least 2 of 4 at once"):
        concurrency.measure(crawl, n=1).assert_parallel(at_least=2)

def test_wrong_use_is_one_sentence(concurrency):
    with pytest.raises(ValueError, match="Choices: .*tabs-hosts"):
        concurrency.measure("http://127.0.0.1:1/", strategy="nonsense")
    with pytest.raises(RuntimeError, match="cannot be reached"):
        concurrency.measure("http://127.0.0.1:1/")
    with pytest.raises(ValueError, match="coroutine function"):
        concurrency.measure(lambda page: None)
"""

BESIDE_OTHERS = """
import pytest

@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    from browserconc.lab import installed_browsers
    found = installed_browsers.find()
    return {**browser_type_launch_args, "executable_path": found, "args": ["--no-sandbox"]}

def test_beside_pytest_playwright(page, concurrency, live_endpoint):
    url = live_endpoint().url(0.3)
    page.goto(url)
    concurrency.measure(url, n=3).assert_parallel()

@pytest.mark.asyncio
async def test_in_an_asynchronous_test(concurrency, live_endpoint):
    (await concurrency.measure_async(live_endpoint().url(0.3), n=3)).assert_parallel()

def test_that_fails(concurrency, live_endpoint):
    url = live_endpoint().url(0.4)
    concurrency.measure(url, n=3, strategy="tabs").assert_parallel()
"""


def test_a_suite_measures_pages_servers_and_code(pytester: pytest.Pytester):
    pytester.makepyfile(SUITE)
    ran = pytester.runpytest_subprocess("-p", "no:playwright", "-p", "no:xdist", "--browserconc-out=kept")
    ran.assert_outcomes(passed=6)
    ran.stdout.fnmatch_lines(
        ["*= browserconc =*", "*test_contexts_are_parallel: 4 by contexts: 4 at once, *"]
    )
    kept = sorted(Path(pytester.path, "kept").iterdir())
    assert len(kept) == 5, "one folder for each test that measured"
    (one,) = (folder for folder in kept if "marker" in folder.name)
    assert (one / "01-tabs" / "report.html").read_text().startswith("<!doctype html>")
    result = json.loads((one / "01-tabs" / "result.json").read_text())
    assert result["trials"][-1]["verdict"]["cause"] == "cache-lock"


def test_it_works_beside_the_other_plugins(pytester: pytest.Pytester):
    pytester.makepyfile(BESIDE_OTHERS)
    ran = pytester.runpytest_subprocess("-n", "2")
    ran.assert_outcomes(passed=2, failed=1)
    ran.stdout.fnmatch_lines(
        [
            "E  *AssertionError: expected at least 3 of 3 at once, but 3 ran one after the other*cache-lock*",
            "E  *strategy *took *at once *held back by*",
            "*l cache lock*",
        ]
    )
    ran.stdout.fnmatch_lines(["*= browserconc =*", "*test_that_fails: 3 by tabs: 1 at once, cache-lock, *"])
