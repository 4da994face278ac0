import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.evidence.ledger import Ledger, Progress, tracks
from browserconc.model.timeline import Span


def visit(ledger: Ledger, application: Any, **environ: Any) -> list[bytes]:
    """What a WSGI server does with one request."""
    given = {"REQUEST_METHOD": "GET", "PATH_INFO": "/slow", "QUERY_STRING": "tab=1", "REMOTE_PORT": "40001"}
    body = ledger.around(application)(given | environ, lambda *_: lambda _: None)
    try:
        return list(body)
    finally:
        body.close()  # type: ignore[attr-defined]


def ok(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"a", b"b"]


def write(path: Path, *lines: dict[str, Any], rest: bytes = b"") -> Path:
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines) + rest)
    return path


def start(key: str, t: int, port: int = 1) -> dict[str, Any]:
    seen = {"pid": 7, "thread": "T", "port": port, "host": "h", "method": "GET", "path": "/p?q"}
    return {"e": "start", "id": key, "t": t, **seen}


def end(key: str, t: int) -> dict[str, Any]:
    return {"e": "end", "id": key, "t": t, "status": 200, "error": None}


def accept(t: int, port: int = 1) -> dict[str, Any]:
    return {"e": "accept", "t": t, "pid": 7, "port": port}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.accepted(40001)
    assert visit(ledger, ok) == [b"a", b"b"]
    (track,) = tracks(tmp_path / "l")
    accepted, service = track.spans
    assert (accepted.name, service.name) == ("accept", "service")
    assert service.end_ns is not None
    assert accepted.start_ns == accepted.end_ns
    assert accepted.start_ns <= service.start_ns <= service.end_ns
    assert (track.url, track.local_port) == ("/slow?tab=1", 40001)
    assert track.facts["status"] == 200
    assert track.facts["pid"] == os.getpid()
    assert track.facts["thread"] == "MainThread"


def test_the_end_is_written_when_the_response_is_closed_and_once(tmp_path: Path) -> None:
    path = tmp_path / "l"

    def stream(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        for _ in range(3):
            assert Progress(path).counts() == (1, 0)
            yield b"x"

    assert visit(Ledger(path), stream) == [b"x"] * 3
    assert Progress(path).counts() == (1, 1)


def test_errors_leave_their_kind_but_not_their_text(tmp_path: Path) -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise LookupError("a secret")

    def half(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"x"
        raise BufferError("a secret")

    ledger = Ledger(tmp_path / "l")
    with pytest.raises(LookupError):
        visit(ledger, broken)
    with pytest.raises(BufferError):
        visit(ledger, half)
    assert [track.facts["error"] for track in tracks(tmp_path / "l")] == ["LookupError", "BufferError"]
    assert b"secret" not in (tmp_path / "l").read_bytes()


def test_no_cookie_no_authorization_and_no_body_is_written(tmp_path: Path) -> None:
    visit(Ledger(tmp_path / "l"), ok, HTTP_COOKIE="secret", HTTP_AUTHORIZATION="secret", HTTP_X="secret")
    assert b"secret" not in (tmp_path / "l").read_bytes()


@given(cut=st.integers(0, 1000))
def test_a_ledger_cut_anywhere_is_still_read(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = write(
        tmp_path_factory.mktemp("cut") / "l",
        accept(1),
        start("a", 2),
        start("b", 3, 2),
        end("a", 5),
        end("b", 6),
    )
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    read = tracks(path)
    assert len(read) == whole[:cut].count(b'"start"') - (b'"start"' in whole[:cut].rpartition(b"\n")[2])
    assert Progress(path).counts()[0] <= 2


def test_a_request_without_an_end_stays_open(tmp_path: Path) -> None:
    (track,) = tracks(write(tmp_path / "l", start("a", 2)))
    assert track.spans == (Span("service", 2, None),)
    assert track.facts["status"] is None


def test_an_accept_belongs_to_the_first_request_of_its_connection(tmp_path: Path) -> None:
    path = write(
        tmp_path / "l",
        accept(1), start("first", 2), end("first", 3), start("kept", 4), end("kept", 5),
        accept(6), accept(8), start("port again, after a silent one", 9), accept(7, 2), start("other", 10, 2),
    )  # fmt: skip
    assert [(t.key, s.start_ns if (s := t.span("accept")) else None) for t in tracks(path)] == [
        ("first", 1),
        ("kept", None),
        ("port again, after a silent one", 8),
        ("other", 7),
    ]


def test_no_ledger_yet_is_an_empty_one(tmp_path: Path) -> None:
    assert tracks(tmp_path / "none") == []
    assert Progress(tmp_path / "none").counts() == (0, 0)


def test_progress_reads_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "l"
    ledger = Ledger(path)
    progress = Progress(path)
    for n in range(1, 4):
        visit(ledger, ok)
        assert progress.counts() == (n, n)
    path.write_bytes(b"." * path.stat().st_size)  # what was read is not read again
    visit(ledger, ok)
    assert progress.counts() == (4, 4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_forked_writers_lose_and_mix_no_line(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            for _ in range(200):
                visit(ledger, ok, QUERY_STRING="x" * 500)
            os._exit(0)
        children.append(child)
    assert {os.waitpid(child, 0)[1] for child in children} == {0}
    lines = [json.loads(line) for line in (tmp_path / "l").read_text().splitlines()]
    assert len(lines) == 4 * 200 * 2
    read = tracks(tmp_path / "l")
    assert len({track.key for track in read}) == len(read) == 800
    assert all(track.spans[-1].end_ns for track in read)
