"""Builds the tracks of small trials, as the readers would deliver them; times in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from browserconc.analysis.correlate import correlate
from browserconc.analysis.verdict import judge
from browserconc.model.cause import Evidence
from browserconc.model.finding import TrialFinding
from browserconc.model.timeline import Fact, Span, Track

MS = 1_000_000
URL = "http://127.0.0.1:5000/slow?delay=0.5"


def client(
    index: int, done: int, *, released: int = 0, send: int | None = None, error: str | None = None
) -> Track:
    spans = [Span("released", released * MS, released * MS), Span("request", released * MS, done * MS)]
    if send is not None:
        spans.append(Span("send", send * MS, send * MS))
    facts: dict[str, Fact] = {"status": None if error else 200, "error": error}
    return Track("client", str(index), URL, tuple(spans), index=index, local_port=40000 + index, facts=facts)


def ledger(index: int, start: int, end: int | None, *, pid: int = 7) -> Track:
    service = Span("service", start * MS, None if end is None else end * MS)
    return Track(
        "ledger",
        str(index),
        "/slow?delay=0.5",
        (service,),
        local_port=40000 + index,
        facts={"pid": pid, "thread": "t"},
    )


def netlog(
    index: int, *spans: tuple[str, int, int | None], details: dict[str, dict[str, Fact]] | None = None
) -> Track:
    made = tuple(
        Span(name, start * MS, None if end is None else end * MS, (details or {}).get(name, {}))
        for name, start, end in spans
    )
    facts: dict[str, Fact] = {"via": f"gate-{index}", "leg": 1, "connection_reused": False, "group": "g"}
    return Track("netlog", f"{index}.1", URL, made, local_port=40000 + index, facts=facts)


def judged(
    tracks: Sequence[Track],
    *,
    strategy: str = "tabs",
    server: str = "gunicorn-sync:1",
    stated: int | None = 1,
    facts: dict[str, Fact] | None = None,
) -> TrialFinding:
    clients = [track for track in tracks if track.source == "client"]
    evidence = Evidence(
        id=strategy,
        strategy=strategy,
        server=server,
        server_stated=stated,
        url=URL,
        tabs=len(clients),
        delay_ns=500 * MS,
        repeat=1,
        released_ns=0,
        ended_ns=max(span.end_ns or 0 for track in clients for span in track.spans),
        tracks=tuple(tracks),
        sources=frozenset(track.source for track in tracks),
        gates={f"gate-{track.index}": track.index or 0 for track in clients},
        facts=facts or {},
    )
    return judge(correlate(evidence), None)
