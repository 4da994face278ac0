"""The raw-socket client's process against real sockets: good, slow, broken and absent servers."""

from __future__ import annotations

import asyncio
import ctypes
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from small_servers import (
    OK,
    answering,
    answers_in_pieces,
    closes_at_once,
    never_answers,
    refused_port,
    serving,
)

from browserconc.evidence.client import FILE, ClientLine, read, tracks

pytestmark = pytest.mark.live

PROGRAM = [sys.executable, "-I", "-m", "browserconc.lab.raw_client"]


class Run:
    """One run of the process: its exit code, what it said and the log it left."""

    def __init__(self, out: Path, job: dict[str, Any], preexec: Callable[[], None] | None = None) -> None:
        started = time.monotonic()
        ended = subprocess.run(
            PROGRAM,
            input=json.dumps(job | {"out": str(out)}).encode(),
            capture_output=True,
            timeout=60,
            preexec_fn=preexec,
            check=False,
        )
        self.took_s = time.monotonic() - started
        self.code = ended.returncode
        self.stderr = ended.stderr.decode()
        self.said = json.loads(ended.stdout)
        self.lines: list[ClientLine] = read(out) if out.exists() else []


def fly(
    folder: Path, urls: Sequence[str], mode: str = "cold", timeout_s: float = 10.0, **more: Any
) -> list[ClientLine]:
    run = Run(folder / FILE, {"urls": list(urls), "mode": mode, "timeout_s": timeout_s, **more})
    assert (run.code, run.stderr) == (0, "")
    assert [line.index for line in run.lines] == list(range(len(urls)))
    answered = sum(line.error is None for line in run.lines)
    assert (run.said["answered"], run.said["failed"]) == (answered, len(urls) - answered)
    return run.lines


def url(port: int, path: str = "/", host: str = "127.0.0.1") -> str:
    return f"http://{host}:{port}{path}"


@pytest.mark.parametrize("mode", ["cold", "warm"])
def test_all_are_in_flight_together(tmp_path: Path, mode: str) -> None:
    inside, together = 0, 0

    async def handler(reader: Any, writer: Any) -> None:
        nonlocal inside, together
        inside += 1
        together = max(together, inside)
        try:
            await answering(OK, delay_s=0.5)(reader, writer)
        finally:
            inside -= 1

    with serving(handler) as port:
        lines = fly(tmp_path, [url(port, f"/{i}") for i in range(50)], mode)
    assert together == 50
    assert {(line.status, line.error, line.bytes) for line in lines} == {(200, None, len(OK))}
    assert len({line.local_port for line in lines}) == 50
    for line in lines:
        assert line.released_ns is not None
        assert line.connect_start_ns is not None
        assert line.connected_ns is not None
        assert line.sent_ns is not None
        assert line.first_byte_ns is not None
        assert line.done_ns is not None
        assert line.connect_start_ns <= line.connected_ns <= line.sent_ns < line.first_byte_ns <= line.done_ns
        assert line.released_ns <= line.sent_ns
        assert 0.5e9 <= line.first_byte_ns - line.sent_ns < 2e9
        assert (line.connect_start_ns >= line.released_ns) == (mode == "cold")
    assert mode == "cold" or max(line.connected_ns or 0 for line in lines) < min(
        line.sent_ns or 0 for line in lines
    )


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO is read on Linux")
def test_loopback_sends_nothing_twice(tmp_path: Path) -> None:
    with serving(answering(OK)) as port:
        assert [line.retransmits for line in fly(tmp_path, [url(port)] * 3)] == [0, 0, 0]


@pytest.mark.skipif(
    sys.platform != "linux", reason="TCP_INFO is read on Linux, where a full queue drops SYNs"
)
@pytest.mark.parametrize("mode", ["cold", "warm"])
def test_a_full_accept_queue_shows_as_retransmits(tmp_path: Path, mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        lines = fly(tmp_path, [url(listener.getsockname()[1])] * 8, mode, timeout_s=2.5)
    left_out = [line for line in lines if line.connected_ns is None]
    assert 0 < len(left_out) < 8
    assert {line.error for line in left_out} == {"no connection within 2.5 s"}
    assert all((line.retransmits or 0) >= 1 for line in left_out)


@pytest.mark.parametrize("mode", ["cold", "warm"])
def test_a_refused_port(tmp_path: Path, mode: str) -> None:
    lines = fly(tmp_path, [url(refused_port())] * 3, mode)
    assert {(line.error, line.status, line.sent_ns) for line in lines} == {("connection refused", None, None)}


@pytest.mark.parametrize("mode", ["cold", "warm"])
def test_a_server_that_closes_at_once(tmp_path: Path, mode: str) -> None:
    with serving(closes_at_once) as port:
        lines = fly(tmp_path, [url(port)] * 5, mode)
    assert {line.error for line in lines} <= {
        "the server closed the connection without an answer",
        "connection reset by the server",
    }


@pytest.mark.parametrize("mode", ["cold", "warm"])
def test_a_server_that_never_answers(tmp_path: Path, mode: str) -> None:
    with serving(never_answers) as port:
        run = Run(tmp_path / FILE, {"urls": [url(port)] * 4, "mode": mode, "timeout_s": 0.5})
    assert {(line.error, line.done_ns) for line in run.lines} == {("no complete answer within 0.5 s", None)}
    assert 0.5 <= run.took_s < 5
    assert run.said["ended_ns"] is None


def test_an_answer_that_stops_in_the_middle(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
    with serving(answering(head, then_close=True)) as closing, serving(answering(head)) as silent:
        first, second = fly(tmp_path, [url(closing), url(silent)], timeout_s=1.0)
    assert (first.status, first.bytes) == (second.status, second.bytes) == (200, len(head))
    assert first.error == "the server closed the connection in the middle of the answer"
    assert first.done_ns is not None
    assert (second.error, second.done_ns) == ("no complete answer within 1 s", None)


def test_an_answer_that_is_none(tmp_path: Path) -> None:
    with serving(answering(b"220 mail.example ESMTP\r\n")) as port:
        (line,) = fly(tmp_path, [url(port)])
    assert line.error == "the answer is not valid HTTP"


def test_every_way_to_end_a_body(tmp_path: Path) -> None:
    close = b"HTTP/1.0 200 OK\r\n\r\nuntil the end"
    expect = b"HTTP/1.1 100 Continue\r\n\r\n" + OK
    with (
        serving(answering(OK)) as kept,
        serving(answering(close, then_close=True)) as closed,
        serving(answering(expect)) as continued,
        serving(answers_in_pieces) as pieces,
    ):
        lines = fly(tmp_path, [url(kept), url(closed), url(continued), url(pieces)])
    assert [(line.status, line.error) for line in lines] == [(200, None)] * 4
    assert [line.bytes for line in lines[:3]] == [len(OK), len(close), len(expect)]
    first, last = lines[3].first_byte_ns, lines[3].done_ns
    assert first is not None
    assert last is not None
    assert last - first >= 0.1e9


def test_a_large_body_is_read_whole(tmp_path: Path) -> None:
    size = 8_000_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)
    with serving(answering(answer)) as port:
        assert [line.bytes for line in fly(tmp_path, [url(port)] * 2)] == [len(answer)] * 2


def test_a_kept_connection_is_closed_when_its_answer_is_whole(tmp_path: Path) -> None:
    closed_after = []

    async def handler(reader: Any, writer: Any) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1.0 if b" /slow " in request else 0.0)
        writer.write(OK)
        answered = time.monotonic()
        await reader.read()
        closed_after.append(time.monotonic() - answered)

    with serving(handler) as port:
        fly(tmp_path, [url(port, "/slow"), *[url(port)] * 4])
    assert len(closed_after) == 5
    assert max(closed_after) < 0.8  # although one request still ran


def test_a_name_that_falls_back_from_ipv6(tmp_path: Path) -> None:
    with serving(answering(OK)) as port:
        lines = fly(tmp_path, [url(port, host="localhost"), url(port, host="a.b.localhost")])
    assert [line.error for line in lines] == [None, None]


def test_ipv6(tmp_path: Path) -> None:
    try:
        with serving(answering(OK), "::1") as port:
            (line,) = fly(tmp_path, [url(port, host="[::1]")])
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    assert line.error is None


def test_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    with serving(answering(OK)) as port:
        good, bad = fly(tmp_path, [url(port), "http://no-such-host.invalid/"])
    assert (good.error, bad.error) == (None, "the host name does not resolve")


def test_headers_are_sent_and_written_nowhere(tmp_path: Path) -> None:
    heard = []

    async def handler(reader: Any, writer: Any) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        await reader.read()

    with serving(handler) as port:
        fly(tmp_path, [url(port)], headers=[["Cookie", "session=hush"], ["Authorization", "hush"]])
    assert b"\r\nCookie: session=hush\r\nAuthorization: hush\r\n" in heard[0]
    assert b"hush" not in (tmp_path / FILE).read_bytes()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_saves_what_it_has(tmp_path: Path, number: signal.Signals) -> None:
    both_heard = threading.Barrier(3, timeout=20)

    async def handler(reader: Any, writer: Any) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(OK if b" /quick " in request else b"")
        await writer.drain()
        await asyncio.to_thread(both_heard.wait)
        await reader.read()

    job = {"urls": [], "mode": "cold", "timeout_s": 30, "out": str(tmp_path / FILE)}
    with serving(handler) as port:
        job["urls"] = [url(port, "/quick"), url(port, "/slow")]
        with subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(json.dumps(job).encode())
            process.stdin.close()
            both_heard.wait()
            time.sleep(0.2)  # for the answer to arrive
            process.send_signal(number)
            assert process.wait(10) == 0
    assert [track.facts["error"] for track in tracks(tmp_path / FILE)] == [None, "interrupted"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"urls": ["ftp://127.0.0.1/"]}, "The raw-socket client needs http:// or https:// URLs with a host"),
        ({"urls": []}, "at least one URL"),
        ({"timeout_s": 0}, "a time-out above 0 s"),
        ({"mode": "hot"}, "no valid job"),
        ({"headers": [["X", "a\nb"]]}, "HTTP does not allow"),
    ],
)
def test_a_wrong_job_is_one_sentence(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    good = {"urls": [url(refused_port())], "mode": "cold", "timeout_s": 1}
    run = Run(tmp_path / FILE, good | change)
    assert (run.code, run.stderr) == (3, "")
    assert sentence in run.said["error"]


def test_an_unwritable_log_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    heard = []

    async def handler(reader: Any, writer: Any) -> None:
        heard.append(writer)

    with serving(handler) as port:
        run = Run(tmp_path / "absent" / FILE, {"urls": [url(port)], "mode": "cold", "timeout_s": 1})
    assert run.code == 3
    assert run.said["error"].endswith("client.jsonl cannot be written (No such file or directory).")
    assert not heard


@pytest.mark.skipif(sys.platform != "linux", reason="takes root's right to raise limits away, through prctl")
def test_too_few_files_is_one_sentence_with_the_number(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    drop_from_bounding_set, may_raise_limits = 24, 24  # PR_CAPBSET_DROP, CAP_SYS_RESOURCE
    libc = ctypes.CDLL(None)

    def lower() -> None:
        libc.prctl(drop_from_bounding_set, may_raise_limits, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    job = {"urls": [url(refused_port())] * 100, "mode": "cold", "timeout_s": 1}
    run = Run(tmp_path / FILE, job, lower)
    assert run.code == 3
    assert "100 clients need 132 open files, but the hard limit is 64 (RLIMIT_NOFILE)" in run.said["error"]
    assert run.said["error"].endswith("ask for at most 32.")
    job["urls"] = job["urls"][:32]
    assert Run(tmp_path / FILE, job, lower).said["failed"] == 32


def test_a_low_soft_limit_is_raised(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")

    def lower() -> None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    with serving(answering(OK)) as port:
        job = {"urls": [url(port)] * 200, "mode": "warm", "timeout_s": 10}
        assert Run(tmp_path / FILE, job, lower).said["answered"] == 200
