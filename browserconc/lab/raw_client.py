"""The raw-socket client's own process: `python -m browserconc.lab.raw_client`.

A process of its own, so that neither the harness nor its garbage collector can delay a request.
It reads one Job as JSON from stdin, puts all requests in flight, writes `client.jsonl` and says on
stdout, as one line of JSON, what it did (Report) or in one sentence why it could not (Refusal).
SIGTERM and SIGINT end it early; what was measured is written all the same. It imports little,
because it is started for every trial.
"""

from __future__ import annotations

import gc
import signal
import socket
import ssl
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from selectors import DefaultSelector
from typing import Literal

import msgspec

from browserconc.evidence import client as client_log
from browserconc.evidence.client import ClientLine
from browserconc.lab.client_state import Client
from browserconc.lab.http_answer import Jar, Until
from browserconc.lab.http_request import Origin, Request, RequestError, origin, request
from browserconc.lab.open_files import TooFewFilesError, raise_limit
from browserconc.lab.raw_sockets import Flight
from browserconc.lab.start_instant import hold_until
from browserconc.lab.tcp_socket import Address
from browserconc.lab.tls_channel import AuthorityError, TlsChannel, client_context

Mode = Literal["cold", "warm"]
MEASURED, REFUSED = 0, 3


@dataclass(frozen=True, slots=True)
class Job:
    """One request per entry of `urls`, all at once; the answers go to the file `out`.

    "cold" connects and sends, "warm" connects all before it sends. `timeout_s` bounds the time from
    the release to the last answer, and in warm mode the time to connect too. `headers` and `body` are
    sent with each request, `jars` of cookies in turn: one jar serves all. None of them is written.
    Certificates are checked against the system's authorities, or those in `ca_file`, if `verify_tls`.
    A request is over when it has what it waits `until`; then its connection is closed, but with `hold` not
    before all are over.
    With a `digest_key` the log has harmless headers and keyed digests of the bodies, and the report the
    cookies that were set.
    All go at the instant `at_ns` of the monotonic clock, or at once where that is over or None.
    """

    urls: list[str]
    mode: Mode
    timeout_s: float
    out: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    jars: tuple[Jar, ...] = ()
    body: bytes | None = None
    verify_tls: bool = True
    ca_file: str | None = None
    digest_key: bytes | None = None
    at_ns: int | None = None
    until: Until = "answer"
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What the flight was like; instants and durations in ns of the monotonic clock.

    `start_spread_ns` is from the first to the last request handed to the kernel, `ended_ns` when the
    last answer was complete; both are None where there was none. `jars` are the cookies that each answer
    set, where they were asked for: secrets, told on the pipe and nowhere else.
    """

    released_ns: int
    start_spread_ns: int | None
    ended_ns: int | None
    answered: int
    failed: int
    jars: tuple[Jar, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One sentence: what stopped the flight before it began, and the way out."""

    error: str


def main() -> int:
    """Runs the job on stdin; 0 measured, 3 could not measure."""
    try:
        outcome: Report | Refusal = fly(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))
    except msgspec.DecodeError as problem:
        outcome = Refusal(f"The raw-socket client was given no valid job ({problem}).")
    except (RequestError, AuthorityError, TooFewFilesError) as problem:
        outcome = Refusal(str(problem))
    except OSError as problem:
        what = f"{problem.filename} cannot be written" if problem.filename else "No sockets are left"
        outcome = Refusal(f"{what} ({problem.strerror or problem}).")
    sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
    sys.stdout.flush()
    return MEASURED if isinstance(outcome, Report) else REFUSED


def fly(job: Job) -> Report:
    """Runs one job in this process and writes its log.

    Raises:
        RequestError: a URL, header, cookie or method that cannot be sent.
        AuthorityError: `ca_file` is none.
        TooFewFilesError: the limit on open files cannot be raised far enough.
        OSError: the log cannot be written, or the system has no sockets left.
    """
    if not job.urls or not job.timeout_s > 0:
        raise RequestError("The raw-socket client needs at least one URL and a time-out above 0 s.")
    out = Path(job.out)
    out.touch()  # an unwritable place is reported before anything is measured
    raise_limit(len(job.urls))
    clients = _clients(job)
    interrupt, wake = socket.socketpair()
    with interrupt, wake, DefaultSelector() as selector:
        _interrupt_through(wake)
        flight = Flight(clients, selector, timeout_s=job.timeout_s, interrupt=interrupt, hold=job.hold)
        gc.collect()
        gc.disable()
        if job.at_ns is not None:
            hold_until(job.at_ns)
        released_ns = flight.cold() if job.mode == "cold" else flight.warm()
        lines = [client.line(released_ns) for client in clients]
        client_log.write(out, lines)
        signal.set_wakeup_fd(-1)
    jars = [client.answer.cookies() if client.answer else () for client in clients] if job.digest_key else []
    return _report(released_ns, lines, jars)


def _clients(job: Job) -> list[Client]:
    """All requests made and all names resolved, each once, before the clock runs."""
    jars = job.jars or ((),)
    requests: dict[tuple[str, Jar], Request] = {}
    addresses: dict[Origin, list[Address]] = {}
    context: ssl.SSLContext | None = None
    clients = []
    for index, url in enumerate(job.urls):
        jar, place = jars[index % len(jars)], origin(url)
        if (url, jar) not in requests:
            requests[url, jar] = request(
                url, method=job.method, headers=job.headers, cookies=jar, body=job.body
            )
        if place not in addresses:
            addresses[place] = _resolve(place.host, place.port)
        if place.secure and context is None:
            context = client_context(verify=job.verify_tls, ca_file=job.ca_file)
        channel = TlsChannel(context, place.host) if place.secure and context else None
        places = deque(addresses[place])
        clients.append(Client(index, url, requests[url, jar], places, channel, job.digest_key, job.until))
    return clients


def _resolve(host: str, port: int) -> list[Address]:
    """The addresses of `host`; none where it does not resolve.

    Names below `localhost` are loopback (RFC 6761, section 6.3), which browsers know and many
    resolvers do not.
    """
    if host.endswith(".localhost"):
        host = "localhost"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return []
    return [(family, address) for family, _, _, _, address in found]


def _interrupt_through(wake: socket.socket) -> None:
    """Lets SIGTERM and SIGINT wake the selector instead of ending the process."""
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)


def _report(released_ns: int, lines: Iterable[ClientLine], jars: Iterable[Jar]) -> Report:
    lines = list(lines)
    sent = [line.sent_ns for line in lines if line.sent_ns is not None]
    done = [line.done_ns for line in lines if line.done_ns is not None and line.error is None]
    return Report(
        released_ns=released_ns,
        start_spread_ns=max(sent) - min(sent) if sent else None,
        ended_ns=max(done, default=None),
        answered=len(done),
        failed=len(lines) - len(done),
        jars=tuple(jars),
    )


if __name__ == "__main__":
    sys.exit(main())
