"""The trace tells the same as the NetLog file of the same run, from a browser with flags or without."""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from browserconc.evidence import netlog, nettrace, nettrace_capture, trace_beside_netlog, url_request
from browserconc.evidence.netlog_event import Event
from browserconc.model.timeline import Track

pytestmark = pytest.mark.live

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing leaves this machine
]
PAGE = b"<!doctype html><link rel=icon href=data:,><p>tab"
DENIED = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n"
HEADERS = b"Content-Type: text/html\r\nSet-Cookie: kept=ServerCookie\r\nContent-Length: %d\r\n\r\n" % len(
    PAGE
)
TABS = 10
MS = 1_000_000


@dataclass
class Server:
    """A loopback server that answers after `delay_s` and remembers heads, bodies and peer ports."""

    delay_s: float = 0.05
    port: int = 0
    received: list[bytes] = field(default_factory=list)
    peers: set[int] = field(default_factory=set)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peers.add(writer.get_extra_info("peername")[1])
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(h[15:]) for h in head.lower().split(b"\r\n") if h[:15] == b"content-length:"), 0
                )
                self.received.append(head + await reader.readexactly(length))
                await asyncio.sleep(self.delay_s)
                denied = b"/login" in head and b"\r\nauthorization: basic" not in head.lower()
                writer.write((DENIED if denied else b"HTTP/1.1 200 OK\r\n") + HEADERS + PAGE)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    it = Server()
    listener = await asyncio.start_server(it.answer, "127.0.0.1", 0, backlog=128)
    it.port = listener.sockets[0].getsockname()[1]
    yield it
    listener.close()


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium or Chrome is installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *flags], chromium_sandbox=False, headless=True
        )
        try:
            yield browser
        finally:
            await browser.close()


async def observe(
    folder: Path, drive: Callable[[BrowserContext], Awaitable[object]]
) -> tuple[list[Event], list[Event]]:
    """What the NetLog file and what the trace say about one run."""
    log, trace = folder / "netlog.json", folder / nettrace.FILE
    async with chromium(f"--log-net-log={log}") as browser:
        session = await browser.new_browser_cdp_session()
        await nettrace_capture.start(session)
        context = await browser.new_context()
        await drive(context)
        await context.close()
        captured = await nettrace_capture.stop(session, trace)
        assert not captured.lossy
    return netlog.read(log).events, list(nettrace.events(trace))


def by_source(events: Iterable[Event]) -> dict[int, list[Event]]:
    found = defaultdict(list)
    for event in events:
        found[event.source_id].append(event)
    return found


def twins(log: list[Event], trace: list[Event]) -> list[tuple[list[Event], list[Event]]]:
    """Each source's events in both, for those that began and ended while the trace was on."""
    start, end = trace[0].time_ns, max(event.time_ns for event in trace)
    traced = by_source(trace)
    return [
        (events, traced[source])
        for source, events in by_source(log).items()
        if events[0].time_ns > start and events[-1].time_ns < end - MS
    ]


def steps(events: Iterable[Event]) -> list[tuple[str, str, str]]:
    return [(event.type, event.phase, event.source_type) for event in events]


def assert_stamped_in_turn(logged: Sequence[Event], traced: Sequence[Event]) -> None:
    """Both stamps of an event lie before those of the next: however long the thread was without the CPU.

    The file cuts its own down to the millisecond, so the trace's are never earlier. Another process hands
    its events on with their time, and the trace stamps them when they arrive; their sources are below zero.
    """
    for file, trace in zip(logged, traced, strict=True):
        assert file.time_ns <= trace.time_ns
    for trace, following in zip(traced, logged[1:], strict=False):
        assert following.source_id < 0 or trace.time_ns < following.time_ns + MS


def waited_ns(track: Track) -> int:
    """How long the request waited for its entry of the cache."""
    wait = track.span("HTTP_CACHE_ADD_TO_ENTRY")
    assert wait
    assert wait.end_ns
    return wait.end_ns - wait.start_ns


async def open_tabs(context: BrowserContext, urls: Sequence[str]) -> list[Page]:
    pages = [await context.new_page() for _ in urls]
    await asyncio.gather(*(page.goto(url) for page, url in zip(pages, urls, strict=True)))
    return pages


def spans(events: Iterable[Event], event_type: str) -> list[tuple[Event, Event]]:
    """BEGIN and END of every span of a type, in order of their ENDs."""
    begun: dict[int, Event] = {}
    found = []
    for event in events:
        if event.type == event_type and event.phase == "BEGIN":
            begun[event.source_id] = event
        elif event.type == event_type and event.source_id in begun:
            found.append((begun.pop(event.source_id), event))
    return found


async def test_trace_and_netlog_file_agree_about_twenty_tabs(tmp_path: Path, server: Server) -> None:
    async def drive(context: BrowserContext) -> None:
        await open_tabs(context, [f"{server.origin}/same"] * TABS)
        await open_tabs(context, [f"{server.origin}/?tab={n}" for n in range(TABS)])

    log, trace = await observe(tmp_path, drive)
    pairs = twins(log, trace)
    compared = [pair for pair in pairs if pair[0][0].source_type in {"URL_REQUEST", "SOCKET"}]
    assert (
        sum("/same" in str(events[0].params) or "tab=" in str(events) for events, _ in compared) >= 2 * TABS
    )
    for logged, traced in pairs:
        assert steps(traced) == steps(logged)
        assert [event.params for event in traced] == [event.params for event in logged]
        assert_stamped_in_turn(logged, traced)

    in_file, in_trace = (
        [track for track in url_request.tracks(events) if "/same" in track.url or "tab=" in track.url]
        for events in (log, trace)
    )
    merged, doubt = trace_beside_netlog.together(in_file, in_trace)
    assert doubt is None
    assert [track.key for track in merged] == [track.key for track in in_file]
    assert len(merged) >= 2 * TABS
    for track, logged_track in zip(merged, in_file, strict=True):
        assert abs(waited_ns(track) - waited_ns(logged_track)) < MS
    ports = {
        int(str(end.params["local_address"]).rpartition(":")[2]) for _, end in spans(trace, "TCP_CONNECT")
    }
    assert server.peers <= ports


async def test_trace_and_netlog_file_agree_about_requests_given_up(tmp_path: Path, server: Server) -> None:
    server.delay_s = 0.3
    abort = """async paths => Promise.all(paths.map((path, n) => {
        const stop = new AbortController();
        setTimeout(() => stop.abort(), 40 * n);
        return fetch(path, {signal: stop.signal}).then(answer => answer.text()).catch(() => '');
    }))"""

    async def drive(context: BrowserContext) -> None:
        (page,) = await open_tabs(context, [server.origin])
        await page.evaluate(abort, [f"/wait?{n}" for n in range(14)])
        await page.evaluate(abort, ["/locked"] * 8)
        with pytest.raises(PlaywrightError):
            await page.goto("http://127.0.0.1:1/")
        leaving = [await context.new_page() for _ in range(8)]
        for number, tab in enumerate(leaving):
            await tab.evaluate(
                "url => {setTimeout(() => location.href = url, 0)}", f"{server.origin}/left?{number}"
            )
        await asyncio.sleep(0.4)

    log, trace = await observe(tmp_path, drive)
    pairs = twins(log, trace)
    cancelled = [logged for logged, _ in pairs if any(event.type == "CANCELLED" for event in logged)]
    assert len(cancelled) >= TABS
    wrong = [(steps(logged), steps(traced)) for logged, traced in pairs if steps(logged) != steps(traced)]
    assert not wrong, f"{len(wrong)} of {len(pairs)}, the first: {wrong[0]}"


async def test_no_secret_reaches_the_recording(tmp_path: Path, server: Server) -> None:
    sent = {
        "Cookie": "TabCookie", "Authorization": "Bearer PageToken", "X-Api-Key": "PageKey",
    }  # fmt: skip
    basic = base64.b64encode(b"someone:somepassword").decode()
    secrets = [*sent.values(), basic, "somepassword", "ServerCookie", "PageBody"]

    async def drive(context: BrowserContext) -> None:
        await context.add_cookies([{"name": "c", "value": "TabCookie", "url": server.origin}])
        (page,) = await open_tabs(context, [server.origin])
        headers = {name: value for name, value in sent.items() if name != "Cookie"}
        await page.evaluate("headers => fetch('/post', {method: 'POST', body: 'PageBody', headers})", headers)
        await page.goto(server.origin.replace("//", "//someone:somepassword@") + "/login")
        await page.goto(server.origin + "/after")

    _, trace = await observe(tmp_path, drive)
    received = b"".join(server.received).decode()
    assert all(secret in received for secret in [*sent.values(), basic, "ServerCookie", "PageBody"])
    written = (tmp_path / nettrace.FILE).read_bytes()
    assert any(event.type == "HTTP_TRANSACTION_SEND_REQUEST_HEADERS" for event in trace)
    assert [secret for secret in secrets if secret.encode() in written] == []
    assert b"--no-sandbox" not in written, "no command line, which holds the user's directories"


async def test_a_browser_started_by_somebody_else_is_observed(tmp_path: Path, server: Server) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium or Chrome is installed")
    user_data = tmp_path / "user-data"
    flags = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={user_data}", *FLAGS]
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *flags, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        port = await asyncio.wait_for(_devtools_port(user_data), 30)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
            session = await browser.new_browser_cdp_session()
            await nettrace_capture.start(session)
            await open_tabs(browser.contexts[0], [f"{server.origin}/same"] * TABS)
            await nettrace_capture.stop(session, tmp_path / nettrace.FILE)
            await browser.close()
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)
    trace = list(nettrace.events(tmp_path / nettrace.FILE))
    ours = {event.source_id for event in trace if event.params.get("url") == f"{server.origin}/same"}
    waits = [
        end.time_ns - begin.time_ns
        for begin, end in spans(trace, "HTTP_CACHE_ADD_TO_ENTRY")
        if begin.source_id in ours
    ]
    assert len(waits) >= TABS
    assert max(waits) >= 0.7 * (TABS - 1) * server.delay_s * 1000 * MS, "the tabs queue on the cache's lock"
    alive = [begin for begin, _ in spans(trace, "REQUEST_ALIVE") if begin.source_id in ours]
    assert len(alive) >= TABS


async def _devtools_port(user_data: Path) -> str:
    while True:
        try:
            return (user_data / "DevToolsActivePort").read_text().split("\n")[0]
        except OSError:
            await asyncio.sleep(0.05)


async def test_a_browser_that_is_traced_already_refuses_in_one_sentence(tmp_path: Path) -> None:
    async with chromium() as browser:
        session = await browser.new_browser_cdp_session()
        await nettrace_capture.start(session)
        with pytest.raises(
            nettrace_capture.CaptureError, match=r"^The browser refused Tracing\.start \([^\n]*\)\.$"
        ):
            await nettrace_capture.start(await browser.new_browser_cdp_session())
        unwritable = tmp_path / "missing" / nettrace.FILE
        with pytest.raises(nettrace_capture.CaptureError, match="cannot be written"):
            await nettrace_capture.stop(session, unwritable)
        await nettrace_capture.start(session)
    with pytest.raises(nettrace_capture.CaptureError, match=r"Tracing\.end"):
        await nettrace_capture.stop(session, tmp_path / nettrace.FILE)
