"""Real browser sessions on loopback, explained from the NetLog they left and watched while they run."""

from __future__ import annotations

import asyncio
import gzip
import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import websockets.sync.client as ws

from browserconc.evidence import nettrace_capture
from browserconc.evidence.live_requests import Now
from browserconc.explanation import Choice, explain
from browserconc.lab import installed_browsers
from browserconc.lab.cdp_connection import connected
from browserconc.model.finding import Result
from browserconc.observation import Observation, explained, watch
from browserconc.report import result_json
from tests.live.command import Command, run

pytestmark = pytest.mark.live

SLOW_S = 0.4
FETCHES = 10
PAGE = f"""<title>loading</title><script>
Promise.all([...Array({FETCHES}).keys()].map(i => fetch('/slow?token=Xyzzy&n=' + i)))
  .then(() => document.title = 'done')
</script>""".encode()


class Site(BaseHTTPRequestHandler):
    """A page whose script makes ten slow requests at once."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        slow = self.path.startswith("/slow")
        time.sleep(SLOW_S if slow else 0)
        body = b"answer" if slow else PAGE
        self.send_response(200 if self.path != "/favicon.ico" else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Set-Cookie", "session=Xyzzy")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@dataclass
class Chromium:
    """A browser that knows nothing of browserconc, with a debugging port of its own choice."""

    process: subprocess.Popen[bytes]
    address: str
    netlog: Path

    def ask(self, what: str, method: str = "GET") -> object:
        request = urllib.request.Request(f"{self.address}/json/{what}", method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def pages(self) -> dict[str, tuple[str, str]]:
        targets = self.ask("list")
        return {page["id"]: (page["url"], page["title"]) for page in targets if page["type"] == "page"}

    def load(self, url: str) -> None:
        """Opens a tab and waits until its script has all answers."""
        number = self.ask(f"new?{url}", "PUT")["id"]
        until(lambda: self.pages()[number][1] == "done")

    def load_in(self, tab: dict[str, str], url: str) -> None:
        """The same in a tab that is open already, whose requests nobody can be too late to see."""
        with ws.connect(tab["webSocketDebuggerUrl"]) as page:
            page.send(json.dumps({"id": 1, "method": "Page.navigate", "params": {"url": url}}))
            page.recv(timeout=20)
        until(lambda: self.pages()[tab["id"]][1] == "done")

    def quit(self) -> None:
        """As its user does: on SIGTERM a busy machine's browser may end before its log does."""
        with ws.connect(self.ask("version")["webSocketDebuggerUrl"]) as browser:
            browser.send('{"id": 1, "method": "Browser.close"}')
        self.process.wait(20)


def until(condition) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chromium]:
    executable = installed_browsers.find()
    if executable is None:
        pytest.skip("no browser is installed")
    folder, netlog = tmp_path / "user-data-dir", tmp_path / "netlog.json"
    switches = ["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [executable, *switches, f"--user-data-dir={folder}", f"--log-net-log={netlog}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    port = folder / "DevToolsActivePort"
    until(lambda: port.exists() and port.read_text().count("\n") >= 1)
    yield Chromium(process, f"http://127.0.0.1:{port.read_text().split()[0]}", netlog)
    process.kill()
    process.wait(20)


def assert_six_at_once(result: Result, site: str) -> None:
    """Ten slow requests of one page: six run, four wait about as long as one takes."""
    trial = next(trial for trial in result.trials if trial.url == "http://127.0.0.1")
    assert (trial.verdict.kind, trial.verdict.limit) == ("limited", 6), trial.verdict
    assert (trial.verdict.culprit, trial.verdict.cause) == ("browser", "host-limit")
    slow = [request for request in trial.requests if "/slow" in request.url]
    assert len(slow) == FETCHES
    held = [piece for r in slow for piece in r.slices if piece.cause == "host-limit"]
    long = [piece for piece in held if piece.duration_ns > SLOW_S * 0.5e9]
    assert len(long) == FETCHES - 6
    assert sum(trial.waiting_ns.values()) * 0.25 > trial.waiting_ns["unattributed"]
    assert result.network
    assert any(hit.cause == "host-limit" and hit.value == 6 for hit in result.network.limits)


def test_a_browser_session_is_explained_while_it_runs_and_afterwards(
    tmp_path: Path, chromium: Chromium, site: str
):
    chromium.load(site)
    chosen = Choice(url=site)
    until(lambda: _answered(chromium.netlog, chosen) == FETCHES)
    running = explain(chromium.netlog, chosen)
    assert_six_at_once(running, site)
    assert any("has no end" in doubt for doubt in running.trials[0].verdict.doubts)
    chromium.quit()
    complete = explain(chromium.netlog, chosen)
    assert_six_at_once(complete, site)
    assert not any("has no end" in doubt for doubt in complete.trials[0].verdict.doubts)
    assert complete.environment.browser
    assert complete.environment.browser.headless
    packed = tmp_path / "netlog.json.gz"
    packed.write_bytes(gzip.compress(chromium.netlog.read_bytes()))
    ended = run(tmp_path, "explain", str(packed), "--url", "*/slow*", "--top", "3")
    assert ended.code == 0
    assert "host limit" in ended.stdout
    assert "token=***" in ended.stdout
    assert "Xyzzy" not in ended.stdout


def _answered(netlog: Path, chosen: Choice) -> int:
    requests = (request for trial in explain(netlog, chosen).trials for request in trial.requests)
    return sum("/slow" in request.url and request.status == 200 for request in requests)


def test_a_running_browser_is_watched_and_left_as_it_was(tmp_path: Path, chromium: Chromium, site: str):
    before = chromium.pages()
    kept = tmp_path / "seen.pftrace"
    watching = Command(
        tmp_path, "watch", "--cdp", chromium.address, "--seconds", "60", "--json", "-", "--out", str(kept)
    )
    told: list[str] = []
    assert watching.process.stderr
    told.append(watching.process.stderr.readline())  # it says so once it is recording
    assert "Watching 1 tab" in told[0]
    chromium.load(site)
    watching.signal(signal.SIGINT)  # enough seen: the report comes all the same
    ended = watching.end()
    assert ended.code == 130, ended.stderr
    result = result_json.parse(ended.stdout)
    assert result.command == "watch"
    assert_six_at_once(result, site)
    assert "Xyzzy" not in ended.stdout
    assert b"Xyzzy" not in kept.read_bytes().replace(b"token=Xyzzy", b"")
    after = chromium.pages()
    assert {number: url for number, (url, _) in before.items()}.items() <= {
        number: url for number, (url, _) in after.items()
    }.items()
    assert len(after) == len(before) + 1
    assert_six_at_once(explain(kept, Choice()), site)


async def test_watching_attaches_to_no_page(chromium: Chromium, tmp_path: Path, site: str):
    async with connected(chromium.address) as other:
        seen = asyncio.create_task(watch(chromium.address, 3, tmp_path / "seen.pftrace"))
        await asyncio.sleep(1.5)
        targets = await other.send("Target.getTargets")
        assert not any(target["attached"] for target in targets["targetInfos"])
        assert not (await seen).doubts


async def test_what_is_in_flight_is_followed_and_the_browser_left_as_it_was(
    chromium: Chromium, tmp_path: Path, site: str
):
    before = chromium.pages()
    tab = chromium.ask("new?about:blank", "PUT")
    looks: list[Now] = []
    async with connected(chromium.address) as browser:
        observation = Observation(browser, tmp_path / "log", live=True)
        await observation.begin()
        assert observation.in_flight
        loading = asyncio.create_task(asyncio.to_thread(chromium.load_in, tab, site))
        while not loading.done():
            looks.append(observation.in_flight.look())
            await asyncio.sleep(0.05)
        seen = await observation.end()
    assert_six_at_once(explained(seen, Choice(url=site)), site)
    seen_live = [(now.count("server"), now.count("same-host")) for now in looks]
    assert any(server > 2 and held > 1 for server, held in seen_live), seen_live
    assert max(now.count("server") for now in looks) <= 6
    after = chromium.pages()
    assert {number: after[number][0] for number in before} == {n: url for n, (url, _) in before.items()}
    async with connected(chromium.address) as other:
        targets = await other.send("Target.getTargets")
        assert not any(target["attached"] for target in targets["targetInfos"])


async def test_a_browser_that_is_traced_already_is_watched_by_its_network_domain(
    chromium: Chromium, tmp_path: Path, site: str
):
    async with connected(chromium.address) as other:
        await nettrace_capture.start(other)
        async with connected(chromium.address) as browser:
            observation = Observation(browser, tmp_path / "log")
            await observation.begin()
            await asyncio.to_thread(chromium.load, site)
            seen = await observation.end()
        result = explained(seen, Choice(url=f"{site}slow"))
    (trial,) = result.trials
    assert len(trial.requests) == FETCHES
    assert trial.verdict.kind == "undecided"
    assert any("not traced" in doubt for doubt in trial.verdict.doubts)
    assert any("not by what" in doubt for doubt in trial.verdict.doubts)
    waited = [r for r in trial.requests if r.end_ns - r.start_ns > 1.7e9 * SLOW_S]
    assert len(waited) == FETCHES - 6


def test_a_browser_that_goes_away_is_one_sentence(tmp_path: Path, chromium: Chromium):
    watching = Command(tmp_path, "watch", "--cdp", chromium.address, "--seconds", "60")
    assert watching.process.stderr
    assert "Watching" in watching.process.stderr.readline()
    chromium.process.kill()
    ended = watching.end()
    assert ended.code == 3
    assert "The browser ended while it was watched" in ended.sentence()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "ftp://127.0.0.1", "ws://127.0.0.1:1/x", "nonsense"]
)
def test_where_no_browser_answers_it_says_so(tmp_path: Path, address: str):
    ended = run(tmp_path, "watch", "--cdp", address, "--seconds", "1")
    assert ended.code == 3
    assert address in ended.sentence()


def test_a_server_that_is_no_browser_is_told_apart(tmp_path: Path, site: str):
    ended = run(tmp_path, "watch", "--cdp", site, "--seconds", "1")
    assert ended.code == 3
    assert "No browser answers" in ended.sentence()
