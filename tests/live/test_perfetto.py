"""The trace in Perfetto's own trace processor: it loads without a complaint and answers by SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from browserconc import recorded
from browserconc.lab import installed_browsers
from browserconc.model.finding import SERVICE, Result
from browserconc.report import perfetto
from tests.golden.results import default_run
from tests.live.perfetto_engine import TraceProcessor, trace_processor
from tests.unit.test_file_reports import hostile

pytestmark = pytest.mark.live

RECORDINGS = Path(__file__).parents[1] / "recordings"
COMPLAINTS = "SELECT name, value FROM stats WHERE severity IN ('error', 'data_loss') AND value > 0"
SLICES = """
  SELECT {what} FROM slice
  JOIN thread_track ON slice.track_id = thread_track.id JOIN thread USING (utid) JOIN process USING (upid)
  WHERE process.name LIKE '%: {side}'
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = installed_browsers.find()
    if path is None:
        pytest.skip("no browser; `browserconc doctor --install-browser` provides one")
    with sync_playwright() as playwright:
        # A name that is no address of this machine is unknown to it, so nothing can leave.
        alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        driven = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", alone])
        yield driven
        driven.close()


@pytest.fixture(
    scope="module",
    params=["h2-streams", "firefox"],  # streams that share a socket; a part that was not seen
)
def loaded(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Result, TraceProcessor]]:
    result = recorded.analyze(RECORDINGS / request.param)
    with trace_processor(browser) as processor:
        processor.load(perfetto.render(result).encode())
        yield result, processor


def slices(processor: TraceProcessor, side: str, what: str) -> Counter[tuple[object, ...]]:
    """So many slices with these values on the tracks of one side: tabs, sockets or server."""
    return Counter(processor.query(SLICES.format(side=side, what=what)))


def test_nothing_is_dropped_or_misread(loaded: tuple[Result, TraceProcessor]) -> None:
    _, processor = loaded
    assert processor.query(COMPLAINTS) == []


def test_every_tab_socket_and_worker_has_tracks(loaded: tuple[Result, TraceProcessor]) -> None:
    result, processor = loaded
    requests = [request for trial in result.trials for request in trial.requests]
    of_tabs = {str(name) for (name,) in slices(processor, "tabs", "thread.name")}
    of_sockets = {str(name).split(" (")[0] for (name,) in slices(processor, "sockets", "thread.name")}
    of_workers = {str(name) for (name,) in slices(processor, "server", "thread.name")}
    assert of_tabs == {f"tab {request.index + 1}" for request in requests}
    assert of_sockets == {f"port {r.local_port}" for r in requests if r.local_port is not None}
    workers = {f"pid {r.server.pid}, {r.server.thread}" for r in requests if r.server}
    assert workers
    assert all(any(name.startswith(worker) for name in of_workers) for worker in workers)
    assert all(any(name.startswith(worker) for worker in workers) for name in of_workers)


def test_every_request_is_a_slice_wherever_it_was_seen(loaded: tuple[Result, TraceProcessor]) -> None:
    result, processor = loaded
    requests = [request for trial in result.trials for request in trial.requests]
    on_top = "slice.name, slice.depth"
    for side, seen in (
        ("tabs", requests),
        ("sockets", [request for request in requests if request.local_port is not None]),
        ("server", [request for request in requests if request.server]),
    ):
        named = Counter({k: n for k, n in slices(processor, side, on_top).items() if k[1] == 0})
        assert named == Counter((f"request {request.index + 1}", 0) for request in seen)


def test_causes_nest_in_requests_and_sum_to_the_waiting(loaded: tuple[Result, TraceProcessor]) -> None:
    result, processor = loaded
    found: Counter[tuple[str, str]] = Counter()
    what = "process.name, extract_arg(slice.arg_set_id, 'args.cause'), slice.depth, slice.dur"
    for (process, cause, depth, dur), times in slices(processor, "tabs", what).items():
        if cause is not None:
            assert depth == 1
            found[str(process), str(cause)] += int(str(dur)) * times
    waited = {(process, cause): ns for (process, cause), ns in found.items() if cause != SERVICE}
    expected: Counter[tuple[str, str]] = Counter()
    for trial in result.trials:
        run = f", run {trial.repeat + 1}" if trial.repeat else ""
        for cause, ns in trial.waiting_ns.items():
            expected[f"{trial.strategy}, {trial.server or trial.url}{run}: tabs", cause] += ns
    assert waited == {key: ns for key, ns in expected.items() if ns}


def test_flows_lead_from_the_tab_over_the_socket_to_the_server(
    loaded: tuple[Result, TraceProcessor],
) -> None:
    result, processor = loaded
    requests = [request for trial in result.trials for request in trial.requests]
    steps = sum((request.local_port is not None) + (request.server is not None) for request in requests)
    assert processor.query("SELECT count(*) FROM flow") == [(steps,)]
    backwards = """
      SELECT count(*) FROM flow JOIN slice a ON a.id = slice_out JOIN slice b ON b.id = slice_in
      WHERE b.ts + b.dur < a.ts
    """
    assert processor.query(backwards) == [(0,)]


def test_hostile_text_is_read_as_it_is_written(browser: Browser) -> None:
    result = hostile()
    first, *others = result.trials[-1].requests
    requests = (replace(first, url="http://x/\\", error="\\"), *others)
    last = replace(result.trials[-1], strategy="naïve 并发", server="C:\\", requests=requests)
    with trace_processor(browser) as processor:
        processor.load(perfetto.render(replace(result, trials=(*result.trials, last))).encode())
        assert processor.query(COMPLAINTS) == []
        names = {str(name) for (name,) in processor.query("SELECT name FROM process")}
    assert "naïve 并发, C:\\\\ : tabs" in names  # Perfetto leaves escapes of JSON as they are


def test_a_trace_that_breaks_the_rules_is_complained_of(browser: Browser) -> None:
    """Slices of one track that cross: what the tests above look for can be seen."""
    text = perfetto.render(default_run())
    tracks = text.replace('"tid":2', '"tid":1').replace('"tid":3', '"tid":1')
    with trace_processor(browser) as processor:
        processor.load(tracks.encode())
        assert [name for name, _ in processor.query(COMPLAINTS)] == ["slice_drop_overlapping_complete_event"]
