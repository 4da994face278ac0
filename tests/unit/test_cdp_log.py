"""The CDP lines of a real trial: what the reader makes of them, and that they say what the trace says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc import recording
from browserconc.analysis.correlate import correlate
from browserconc.evidence import cdp, client, ledger
from browserconc.evidence.browser_logs import BrowserLogs
from browserconc.model.cause import Case, Evidence
from browserconc.recording import RecordingError

RECORDINGS = Path(__file__).parent.parent / "recordings"
MS = 1_000_000
HAR = ("blocked", "dns", "connect", "ssl", "send", "wait", "receive")


class OnePage:
    """A CDP session that hands over what it is told to: the messages are the protocol's own words."""

    def __init__(self) -> None:
        self.takers: dict[str, Any] = {}
        self.sent: list[str] = []

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        self.sent.append(method)

    def on(self, event: str, f: Any) -> Any:
        self.takers[event] = f


def case(name: str, trial: str) -> Case:
    (one,) = [r for r in recording.load_run(RECORDINGS / name)[1] if r.manifest.id == trial]
    m, seen = one.manifest, BrowserLogs().seen(one)
    assert m.released_ns
    assert m.ended_ns
    assert seen.doubts == []
    return correlate(
        Evidence(
            strategy=m.strategy,
            server=m.server,
            server_stated=m.server_stated,
            url=m.url,
            tabs=m.tabs,
            delay_ns=None,
            repeat=1,
            id=m.id,
            released_ns=m.released_ns,
            ended_ns=m.ended_ns,
            tracks=(
                *client.tracks(one.log(client.FILE)),
                *ledger.tracks(one.log(ledger.FILE)),
                *seen.tracks,
            ),
            sources=frozenset({"client", "ledger", *seen.sources}),
            gates={url: index for index, url in enumerate(m.facts.get("gates", ()))},
        )
    )


def test_cdp_and_the_trace_are_joined_by_the_connection_and_tell_the_same_instants():
    timelines = case("trace-and-cdp", "fetch-distinct").timelines
    assert len(timelines) == 8
    for timeline in timelines:
        devtools, stack = timeline.tracks["cdp"], timeline.tracks["netlog"]
        assert devtools.url == stack.url == timeline.url
        assert devtools.facts["connection"] == stack.facts["socket"]
        for name, step in (
            ("send", "HTTP_TRANSACTION_SEND_REQUEST"),
            ("wait", "HTTP_TRANSACTION_READ_HEADERS"),
        ):
            ours, theirs = devtools.span(name), stack.span(step)
            assert ours
            assert theirs
            instant = ours.start_ns - theirs.start_ns if name == "send" else ours.end_ns - theirs.end_ns  # type: ignore[operator]
            assert abs(instant) < 2 * MS


def test_the_page_asks_before_its_network_stack_hears_of_it():
    for timeline in case("trace-and-cdp", "fetch-distinct").timelines:
        asked, begun = timeline.span("cdp", "asked"), timeline.span("netlog", "URL_REQUEST_START_JOB")
        assert asked
        assert begun
        assert timeline.start_ns - 2 * MS <= asked.start_ns < begun.start_ns


@pytest.mark.parametrize("trial", ["tabs", "tabs-distinct", "contexts", "fetch"])
def test_har_phases_follow_one_another_within_the_request(trial: str):
    for timeline in case("cdp", trial).timelines:
        track = timeline.tracks["cdp"]
        whole = track.span("request")
        assert whole
        reached_ns = whole.start_ns
        phases = [span for name in HAR if (span := track.span(name))]
        assert {"send", "wait", "receive"} <= {span.name for span in phases}
        for span in phases:
            assert span.start_ns >= reached_ns
            assert span.end_ns is not None
            reached_ns = span.end_ns
        assert reached_ns == whole.end_ns


def test_every_tab_is_known_by_its_page_and_its_gate():
    for trial in ("tabs", "tabs-distinct", "contexts"):
        for timeline in case("cdp", trial).timelines:
            assert timeline.tracks["cdp"].index == timeline.index
            assert timeline.tracks["cdp"].facts["leg"] == 1
            assert timeline.status == 200


RESPONSE = {
    "status": 302,
    "headers": {"Set-Cookie": "kept=ServerCookie", "Location": "/next"},
    "requestHeaders": {"Cookie": "kept=BrowserCookie", "Authorization": "Bearer Token"},
    "connectionId": 7,
    "connectionReused": False,
    "timing": {"requestTime": 10.001, "dnsStart": -1, "connectStart": 1, "connectEnd": 2, "sendStart": 2,
               "sendEnd": 3, "receiveHeadersStart": 9, "receiveHeadersEnd": 10, "workerStart": -1},
}  # fmt: skip
REQUEST = {
    "url": "http://user:PassWord@example.test/a?key=value",
    "method": "POST",
    "headers": {"Authorization": "Bearer Token"},
    "postData": "BodyText",
}


async def test_headers_cookies_bodies_and_passwords_never_reach_the_file(tmp_path: Path):
    session, capture = OnePage(), cdp.Capture()
    await capture.watch(session, 3)
    assert session.sent == ["Network.enable"]
    asked = {"requestId": "1", "timestamp": 10.0, "request": REQUEST}
    session.takers["Network.requestWillBeSent"](asked)
    session.takers["Network.requestWillBeSent"]({**asked, "timestamp": 10.5, "redirectResponse": RESPONSE})
    session.takers["Network.responseReceived"]({"requestId": "1", "timestamp": 11.0, "response": RESPONSE})
    session.takers["Network.loadingFailed"](
        {"requestId": "1", "timestamp": 11.5, "errorText": "net::ERR_ABORTED"}
    )
    capture.save(tmp_path / cdp.FILE)
    text = (tmp_path / cdp.FILE).read_text()
    for secret in ("ServerCookie", "BrowserCookie", "Token", "BodyText", "PassWord"):
        assert secret not in text
    first, second = cdp.tracks(tmp_path / cdp.FILE)
    assert first.url.endswith("@example.test/a?key=value")
    assert (first.facts["leg"], second.facts["leg"], second.facts["via"]) == (0, 1, first.url)
    assert (first.facts["status"], first.facts["connection"], first.index) == (302, 7, 3)
    assert second.facts["error"] == "net::ERR_ABORTED"
    blocked, queued = first.span("blocked"), first.span("queued")
    assert blocked
    assert queued
    assert (blocked.start_ns, blocked.end_ns) == (10_000_000_000, 10_002_000_000)
    assert queued.end_ns == 10_001_000_000


@given(share=st.floats(0, 1))
def test_a_log_cut_off_is_read_to_its_last_whole_line(tmp_path_factory: pytest.TempPathFactory, share: float):
    content = (RECORDINGS / "cdp" / "02-tabs" / cdp.FILE).read_bytes()
    path = tmp_path_factory.mktemp("cut-off") / cdp.FILE
    path.write_bytes(content[: round(share * len(content))])
    asked = [line for line in path.read_bytes().split(b"\n")[:-1] if b'"event":"asked"' in line]
    assert len(cdp.tracks(path)) == len(asked)


def test_a_line_that_is_none_is_refused_by_its_number(tmp_path: Path):
    (tmp_path / cdp.FILE).write_bytes(b'{"page":0}\n')
    with pytest.raises(RecordingError, match="line 1 is not a line of CDP events"):
        cdp.tracks(tmp_path / cdp.FILE)
