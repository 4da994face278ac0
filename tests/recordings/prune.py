"""Makes a small recording for the tests out of a real run.

    browserconc compare … --out RUN
    python tests/recordings/prune.py RUN tests/recordings/NAME
    python tests/recordings/prune.py NETLOG.json tests/recordings/logs/NAME.json.gz

Of each NetLog it keeps the constants that the reader needs and the events of the trials' own
requests; of Firefox's log the lines of the trials; of a trial the client's log, the ledger, the CDP
lines and the trace. Nothing is changed in what is kept, but for what tells of the machine: paths, the
kernel's version, the server's messages.
Of a NetLog alone, as somebody else would record it, the pages that asked are kept too.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from browserconc import recorded, recording
from browserconc.diagnose_recording import OUTSIDE
from browserconc.evidence import (
    cdp,
    client,
    diagnosis_notes,
    http2_session,
    http_stream_pool,
    ledger,
    mozlog,
    outside,
    page_log,
    page_looks,
    secrets,
)
from browserconc.explanation import Choice, explain
from browserconc.recording import Recording

SOURCES = {
    *("URL_REQUEST", "HTTP_STREAM_JOB", "SOCKET", "TCP_CONNECT_JOB", "SSL_CONNECT_JOB"),
    *("HTTP_STREAM_JOB_CONTROLLER", *http_stream_pool.SOURCES, "TCP_STREAM_ATTEMPT"),
    *http2_session.SOURCES,
    "HTTP_PROXY_CONNECT_JOB",
}
UNREAD = re.compile(
    r"^(COOKIE_|COMPUTED_|CORS_|PRIVATE_NETWORK|LOCAL_NETWORK|SOCKET_BYTES_|SOCKET_IN_USE|SOCKET_CLOSED"
    r"|URL_REQUEST_FILTERS_SET|URL_REQUEST_JOB_(BYTES|FILTERED)_|SIGNED_|DNS_|HOST_RESOLVER_|TRANSPORT_SECURITY_"
    r"|HTTP_TRANSACTION_SEND_(REQUEST|TUNNEL)_HEADERS|NETWORK_DELEGATE_BEFORE_START_TRANSACTION"
    r"|HTTP_STREAM_JOB$|HTTP_STREAM_JOB_(WAITING|ORPHANED|INIT|CONTROLLER$)|PROXY_|SOCKET_POOL_(CONNECT|CLOSING|REUSED)|TCP_CONNECT_ATTEMPT"
    r"|TCP_CONNECT_JOB_(?!CONNECTOR_CONNECT_START)|HTTP_PROXY_CONNECT_JOB_|CONNECT_JOB_|HTTP_STREAM_POOL_TCP_BASED_ATTEMPT_|HTTP_STREAM_POOL_JOB_CONTROLLER_ALIVE"
    r"|HTTP_STREAM_POOL_ATTEMPT_MANAGER_(ALIVE|DNS|REQUEST)|HTTP_STREAM_JOB_BOUND|HTTP_STREAM_PARSER_"
    r"|HTTP2_SESSION_(UPDATE|SEND|RECV_(DATA|HEADERS|SETTINGS|WINDOW|PING)|PING|STREAM_STALLED|CLOSE)|HTTP2_STREAM_|SSL_(?!CONNECT))"
)
"""Events that no reader looks at."""
UNREAD_PARAMS = {
    *("stream_attempt_params", "allowed_bad_certs", "enable_ip_based_pooling", "quic_version"),
    *(
        "load_flags",
        "network_isolation_key",
        "request_type",
        "site_for_cookies",
        "privacy_mode",
        "load_state",
    ),
    *("initiator", "ip_endpoint", "allowed_alpns", "force_quic", "aliases"),
    *(
        "traffic_annotation",
        "allow_alternative_services",
        "expected_protocol",
        "num_streams",
        "is_alternative",
    ),
}
PAGE_PARAMS = {"initiator", "load_flags", "network_isolation_key", "request_type"}
POOLS = ("httpStreamPoolInfo", "socketPoolInfo")
MARGIN_MS = 200


def prune(run: Path, into: Path) -> None:
    """Copies what the tests need of `run` to the new folder `into`."""
    about, trials = recording.load_run(run)
    into.mkdir(parents=True)
    told = json.loads((run / recording.RUN_FILE).read_text())
    told["platform"] = about.platform.split("-", 1)[0]
    _write(into / recording.RUN_FILE, told)
    for trial in trials:
        folder = into / trial.folder.name
        folder.mkdir()
        _write(
            folder / recording.TRIAL_FILE,
            _without_paths(json.loads((trial.folder / recording.TRIAL_FILE).read_text())),
        )
        for name in (client.FILE, ledger.FILE, cdp.FILE, page_log.FILE, page_looks.FILE):
            if (trial.folder / name).exists():
                shutil.copy(trial.folder / name, folder / name)
        for trace in trial.folder.glob("*.pftrace"):
            shutil.copy(trace, folder / trace.name)
    for name in (diagnosis_notes.FILE, ledger.FILE, f"{OUTSIDE}/{outside.FILE}"):
        if (run / name).exists():
            (into / name).parent.mkdir(exist_ok=True)
            shutil.copy(run / name, into / name)
    for path in run.glob("netlog-*.json"):
        log = _pruned(json.loads(path.read_text()), _windows(trials))
        (into / path.name).write_bytes(secrets.blank(_lines(log).encode()))
    for path in run.glob("mozlog-*.moz_log"):
        (into / path.name).write_bytes(_within_trials(path, trials))
    if _concluded(run) != _concluded(into):
        raise SystemExit(f"Pruning changed what is concluded from {run}: a reader needs an event it lost.")


def _concluded(run: Path) -> list[Any]:
    """What is concluded; of a step that is left out the next one's name stands in a slice's reason."""
    return [(trial.verdict, trial.waiting_ns, trial.concurrency) for trial in recorded.analyze(run).trials]


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


def _without_paths(trial: dict[str, Any]) -> dict[str, Any]:
    browser = trial["facts"].get("browser")
    if browser:
        browser["path"] = Path(browser["path"]).name
        browser["switches"] = [word for word in browser["switches"] if "=/" not in word]
    return trial


def prune_log(path: Path, into: Path) -> None:
    """Copies what the tests need of one NetLog to the new file `into`, compressed."""
    log = _pruned(json.loads(path.read_text()), None)
    into.write_bytes(gzip.compress(secrets.blank(_lines(log).encode()), mtime=0))
    here = [trial for trial in explain(path, Choice()).trials if _is_loopback(trial.url)]
    concluded = [(trial.verdict, trial.waiting_ns) for trial in here]
    if concluded != [(trial.verdict, trial.waiting_ns) for trial in explain(into, Choice()).trials]:
        raise SystemExit(f"Pruning changed what is concluded from {path}: a reader needs an event it lost.")


def _windows(trials: list[Recording]) -> list[tuple[int, int]]:
    """From when to when (ms) the trials' own requests ran."""
    return [
        (t.manifest.prepared_ns // 10**6 - MARGIN_MS, t.manifest.ended_ns // 10**6 + MARGIN_MS)
        for t in trials
        if t.manifest.prepared_ns and t.manifest.ended_ns and t.manifest.netlogs
    ]


def _pruned(log: dict[str, Any], windows: list[tuple[int, int]] | None) -> dict[str, Any]:
    constants = log["constants"]
    types = {number: name for name, number in constants["logEventTypes"].items()}
    sources = {number: name for name, number in constants["logSourceType"].items()}
    unread = UNREAD_PARAMS if windows is not None else UNREAD_PARAMS - PAGE_PARAMS
    foreign = {event["source"]["id"] for event in log["events"] if not _is_ours(event)}
    events = [
        _slim(event, unread)
        for event in log["events"]
        if sources[event["source"]["type"]] in SOURCES
        and event["source"]["id"] not in foreign
        and not UNREAD.match(types[event["type"]])
        and (windows is None or any(begin <= int(event["time"]) <= end for begin, end in windows))
    ]
    used = {event["type"] for event in events}
    client_info = constants["clientInfo"]
    words = client_info["command_line"].split()
    kept = [Path(words[0]).name, *(w for w in words[1:] if "=/" not in w)]
    constants = {
        "clientInfo": {
            "name": client_info["name"],
            "version": client_info["version"],
            "command_line": " ".join(kept),
        },
        "logEventPhase": constants["logEventPhase"],
        "logEventTypes": {name: n for name, n in constants["logEventTypes"].items() if n in used},
        "logFormatVersion": constants["logFormatVersion"],
        "logSourceType": constants["logSourceType"],
    }
    polled = [{name: context.get(name) for name in POOLS} for context in log.get("polledData") or []]
    return {"constants": constants, "events": events, "polledData": polled}


def _within_trials(path: Path, trials: list[Recording]) -> bytes:
    """Of Firefox's log the head, and the lines of the trials. What is kept names no path of the machine."""
    head, *rows = path.read_bytes().splitlines(keepends=True)
    lines = mozlog.MozLog(path).lines
    assert len(lines) == len(rows)
    windows = [
        (t.manifest.prepared_ns, t.manifest.ended_ns + MARGIN_MS * 10**6)
        for t in trials
        if t.manifest.prepared_ns and t.manifest.ended_ns and t.manifest.mozlogs
    ]
    return head + b"".join(
        row
        for row, line in zip(rows, lines, strict=True)
        if any(begin <= line.time_ns <= end for begin, end in windows)
    )


def _is_ours(event: dict[str, Any]) -> bool:
    """Does it stay on this machine? The browser's own requests do not."""
    params = event.get("params", {})
    return all(_is_loopback(str(params.get(name, "http://localhost/"))) for name in ("url", "destination"))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host.startswith("127.0.0.") or host == "localhost" or host.endswith(".localhost")


def _slim(event: dict[str, Any], unread: set[str]) -> dict[str, Any]:
    """Of an answer's headers the status line is enough, of a group's key the host, of a source its id."""
    params = event.get("params", {})
    if "headers" in params:
        event["params"] = params = {"headers": params["headers"][:1]}
    if isinstance(params.get("stream_key"), dict):
        params["stream_key"] = {"destination": params["stream_key"]["destination"]}
    for name in unread & set(params):
        del params[name]
    event["source"].pop("start_time", None)
    return event


def _lines(log: dict[str, Any]) -> str:
    """As Chromium writes it: one event per line."""

    def short(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"))

    events = ",\n".join(map(short, log["events"]))
    return (
        f'{{"constants":{short(log["constants"])},\n"events": [\n{events}],\n'
        f'"polledData": {short(log["polledData"])}\n}}\n'
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="makes a small recording for the tests out of a real run")
    parser.add_argument("run", type=Path, help="the folder of a run, or one NetLog")
    parser.add_argument("into", type=Path)
    given = parser.parse_args()
    if given.run.is_dir():
        prune(given.run, given.into)
    else:
        prune_log(given.run, given.into)
