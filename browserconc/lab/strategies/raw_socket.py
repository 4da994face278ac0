"""raw-socket: the client without a browser, in a process of its own; the door to `lab/raw_client.py`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryFile

import msgspec

from browserconc.lab import raw_client
from browserconc.lab.http_answer import Jar, Until
from browserconc.lab.process import Household
from browserconc.lab.raw_client import Job, Mode, Refusal, Report
from browserconc.lab.strategy import Strategy, same_url

LOG = "raw-client.log"
"""The file beside the client's log that takes what the process says on stderr."""
PREPARATION_S = 15.0
"""What it may take to start Python, resolve names and write the log, on a busy machine."""

STRATEGY = Strategy(
    name="raw-socket",
    what="non-blocking sockets, no browser, same URL",
    release="raw-socket",
    address=same_url,
)


class RawClientError(Exception):
    """The raw-socket client measured nothing; the message is one sentence."""


async def measure(
    household: Household,
    *,
    urls: Sequence[str],
    mode: Mode,
    timeout_s: float,
    out: Path,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    jars: Iterable[Jar] = (),
    body: bytes | None = None,
    verify_tls: bool = True,
    ca_file: Path | None = None,
    digest_key: bytes | None = None,
    at_ns: int | None = None,
    until: Until = "answer",
    hold: bool = False,
) -> Report:
    """Sends one request per entry of `urls`, all at once, and leaves one line for each in `out`.

    Args:
        household: starts the process and ends it.
        urls: http:// or https:// URLs; requests that fail are lines of the log, not errors of this function.
        mode: "cold" connects and sends at once, "warm" connects all (over TLS, too) before it sends.
        timeout_s: from the release to the last answer; warm connecting may take that long, too.
        out: the `client.jsonl` to be written. It is also written when this is cancelled.
        method: of all requests.
        headers: sent with each request, written nowhere.
        jars: cookies; request i sends the (i mod number of jars)-th. Written nowhere.
        body: sent with each request, written nowhere.
        verify_tls: False accepts every certificate.
        ca_file: authorities to check certificates against, instead of the system's.
        digest_key: with it the log tells harmless headers and digests of the bodies, and the report the
            cookies that the answers set.
        at_ns: the instant of the monotonic clock at which all go; None for at once.
        until: when a request is over: with its answer, a stream's first event, another protocol.
        hold: no connection is closed before all requests are over.

    Raises:
        RawClientError: the process refused, failed or did not end in time.
        ProcessError: it could not be started.
    """
    job = Job(
        urls=list(urls),
        mode=mode,
        timeout_s=timeout_s,
        out=os.fspath(out),
        method=method,
        headers=tuple(headers),
        jars=tuple(jars),
        body=body,
        verify_tls=verify_tls,
        ca_file=os.fspath(ca_file) if ca_file else None,
        digest_key=digest_key,
        at_ns=at_ns,
        until=until,
        hold=hold,
    )
    allowed_s = timeout_s * (2 if mode == "warm" else 1) + PREPARATION_S
    # Files without a name, not pipes: a job of 10,000 URLs fills a pipe, and nobody has to pump.
    with TemporaryFile() as question, TemporaryFile() as answer:
        question.write(msgspec.json.encode(job))
        question.seek(0)
        process = household.spawn(
            [sys.executable, "-I", "-m", raw_client.__name__],
            log=out.with_name(LOG),
            stdin=question,
            stdout=answer,
        )
        try:
            async with asyncio.timeout(allowed_s):
                code = await asyncio.to_thread(process.wait)
        except TimeoutError:
            raise RawClientError(f"The raw-socket client did not end within {allowed_s:g} s.") from None
        finally:
            await asyncio.shield(asyncio.to_thread(household.stop, process))
        answer.seek(0)
        return _outcome(code, answer.read(), out.with_name(LOG))


def _outcome(code: int, said: bytes, log: Path) -> Report:
    try:
        if code == raw_client.MEASURED:
            return msgspec.json.decode(said, type=Report)
        if code == raw_client.REFUSED:
            raise RawClientError(msgspec.json.decode(said, type=Refusal).error)
    except msgspec.DecodeError:
        pass
    raise RawClientError(f"The raw-socket client ended with code {code}; {log} says why.")
