"""What a case must do seen by plain sockets: the self-checks that hold the labels true without a browser."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from urllib.parse import urljoin, urlsplit

import pytest

from tests.corpus.case import Check

CLIENTS = 12
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One request over a connection of its own; seconds from the common start."""

    status: int
    connected_s: float
    ended_s: float


def ask(url: str, method: str, headers: Mapping[str, str], origin_s: float) -> Answer:
    """One HTTP/1.1 request on a fresh connection; `Connection: close` says where the answer ends."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0
    plain = socket.create_connection((host, port), timeout=TIMEOUT_S)
    secure = parts.scheme == "https"
    with _unverified().wrap_socket(plain, server_hostname=host) if secure else plain as connection:
        connected = time.monotonic() - origin_s
        lines = [
            f"{method} {parts.path}{'?' * bool(parts.query)}{parts.query} HTTP/1.1",
            f"Host: {host}:{port}",
        ]
        lines += [f"{name}: {value}" for name, value in {"Connection": "close", **headers}.items()]
        lines += ["Content-Length: 0"] if method == "POST" else []
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
            if received.startswith(b"HTTP/1.1 101"):  # a WebSocket is open now
                break
    assert received.startswith(b"HTTP/1."), received[:80]
    return Answer(int(received[9:12]), connected, time.monotonic() - origin_s)


def at_once_answers(
    url: str,
    count: int,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    distinct: bool = False,
) -> list[Answer]:
    """`count` requests together, in the order of their answers."""
    mark = "&" if "?" in url else "?"
    urls = [f"{url}{mark}n={number}" if distinct else url for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        start = time.monotonic()
        answers = list(pool.map(lambda each: ask(each, method, headers or {}, start), urls))
    return sorted(answers, key=lambda answer: answer.ended_s)


def at_once(
    level: int | None,
    path: str | None = None,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    distinct: bool = False,
) -> Check:
    """The server works on `level` of twelve requests at once, on all of them where `level` is None."""

    def check(url: str) -> None:
        target = urljoin(url, path) if path else url
        alone = min(ask(target, method, headers or {}, time.monotonic()).ended_s for _ in range(2))
        answers = at_once_answers(target, CLIENTS, method=method, headers=headers, distinct=distinct)
        assert all(answer.status < 400 for answer in answers), answers
        first = sum(answer.ended_s < 1.5 * alone for answer in answers)
        seen = f"{first} of {CLIENTS} within 1.5 of {alone:.2f} s, all after {answers[-1].ended_s:.2f} s"
        if level is None:
            assert answers[-1].ended_s < 2 * alone + 0.3, seen
        else:
            assert first <= level, seen
            rounds = ceil(CLIENTS / level)
            assert 0.85 * rounds * alone < answers[-1].ended_s < 1.7 * rounds * alone + 0.5, seen

    return check


def computing(path: str | None = None, *, method: str = "POST") -> Check:
    """Four requests at once take about four times as long as one, and none is done much before the others."""

    def check(url: str) -> None:
        target = urljoin(url, path) if path else url
        alone = min(ask(target, method, {}, time.monotonic()).ended_s for _ in range(3))
        answers = at_once_answers(target, 4, method=method)
        assert answers[-1].ended_s > 2.8 * alone, (alone, answers)
        assert answers[0].ended_s > 1.8 * alone, (alone, answers)

    return check


def refuses(status: int, *, method: str = "POST") -> Check:
    """Of twelve requests at once some are answered, others refused with this status."""

    def check(url: str) -> None:
        found = [answer.status for answer in at_once_answers(url, CLIENTS, method=method)]
        assert {200, status} == set(found), found

    return check


def spaced(apart_s: float, *, method: str = "POST") -> Check:
    """The server is quick, and lets answers out one by one so far apart."""

    def check(url: str) -> None:
        assert ask(url, method, {}, time.monotonic()).ended_s < apart_s
        time.sleep(apart_s)
        ends = [answer.ended_s for answer in at_once_answers(url, 6, method=method)]
        gaps = [later - earlier for earlier, later in pairwise(ends)]
        assert all(0.6 * apart_s < gap < 1.6 * apart_s for gap in gaps), gaps

    return check


def silence_blocks() -> Check:
    """A connection that says nothing keeps everybody else from being answered."""

    def check(url: str) -> None:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname or "", parts.port or 0)):
            time.sleep(0.2)
            with socket.create_connection((parts.hostname or "", parts.port or 0)) as other:
                other.settimeout(3)
                other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                with contextlib.suppress(TimeoutError):
                    raise AssertionError(f"answered beside a silent connection: {other.recv(40)!r}")

    return check


def connects_late() -> Check:
    """Of twelve connections opened at once some need a second SYN, a second later or more."""

    def check(url: str) -> None:
        connected = sorted(a.connected_s for a in at_once_answers(url, CLIENTS, method="POST"))
        assert connected[0] < 0.3, connected
        assert connected[-1] > 0.95, connected

    return check


def handshakes(seconds: float) -> Check:
    """TLS takes so long, every client has its own, and the answer comes at once."""

    def check(url: str) -> None:
        answers = at_once_answers(url, 6, method="POST")
        assert all(seconds < a.connected_s < seconds + 0.5 for a in answers), answers
        assert all(a.ended_s - a.connected_s < 0.2 for a in answers), answers

    return check


def deaf(host: str) -> Check:
    """Nobody takes a connection at that address, and nobody refuses it."""

    def check(url: str) -> None:
        with pytest.raises(TimeoutError):
            socket.create_connection((host, urlsplit(url).port or 0), timeout=1).close()

    return check


def streams(count: int) -> Check:
    """The server's SETTINGS allow so many HTTP/2 streams at once (RFC 9113, 6.5)."""

    def check(url: str) -> None:
        parts = urlsplit(url)
        context = _unverified()
        context.set_alpn_protocols(["h2"])
        address = (parts.hostname or "", parts.port or 0)
        with socket.create_connection(address, timeout=10) as plain, context.wrap_socket(plain) as connection:
            assert connection.selected_alpn_protocol() == "h2"
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04\x00" + bytes(4))
            frame = connection.recv(4096)
        length, kind = int.from_bytes(frame[:3], "big"), frame[3]
        assert kind == 4, frame
        pairs = [frame[at : at + 6] for at in range(9, 9 + length, 6)]
        settings = {int.from_bytes(pair[:2], "big"): int.from_bytes(pair[2:], "big") for pair in pairs}
        assert settings.get(3) == count, settings

    return check


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
