"""As many raw sockets as a visit has tabs, recorded beside it: what the tabs are compared with."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from browserconc import recording
from browserconc.evidence import client
from browserconc.evidence.secrets import masked
from browserconc.lab.process import Household
from browserconc.lab.strategies import raw_socket
from browserconc.lab.workloads import of_others
from browserconc.model.target import Target
from browserconc.recording import Manifest, Recording


async def record(
    target: Target, requests: int, into: Path, *, household: Household, timeout_s: float
) -> Recording:
    """Sends the target's request so many times at once and leaves the recording in `into`.

    Raises:
        RawClientError: a request could not be sent at all.
        ProcessError: the client could not be started.
        RecordingError: the folder cannot be written.
    """
    name = raw_socket.STRATEGY.name
    manifest = Manifest(
        name, name, None, None, masked(target.url), requests, None, 1, workload=target.workload
    )
    recording.save(into, manifest)
    workload = of_others(target.workload)
    report = await raw_socket.measure(
        household,
        urls=[target.url] * requests,
        mode="cold",
        timeout_s=timeout_s,
        out=into / client.FILE,
        method=target.method,
        headers=(*workload.headers, *_origin(target), *target.headers),
        jars=(target.cookies,) if target.cookies else (),
        body=target.body,
        verify_tls=target.verify_tls,
        until=workload.until,
        hold=workload.stays_open,
    )
    given_up_ns = min(time.monotonic_ns(), report.released_ns + round(timeout_s * 1e9))
    ended_ns = given_up_ns if report.failed or report.ended_ns is None else report.ended_ns
    return recording.save(
        into,
        replace(
            manifest,
            prepared_ns=report.released_ns,
            released_ns=report.released_ns,
            ended_ns=ended_ns,
        ),
    )


def _origin(target: Target) -> tuple[tuple[str, str], ...]:
    """What a browser says with a WebSocket, and many servers want to know."""
    if target.workload != "websocket":
        return ()
    parts = urlsplit(target.url)
    return (("Origin", f"{parts.scheme}://{parts.netloc}"),)
