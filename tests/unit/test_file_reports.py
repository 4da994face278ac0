"""HAR, trace, JUnit XML and page of any result keep the rules of their formats."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter, defaultdict
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from referencing import Registry, Resource

from browserconc.model.finding import SERVICE, Result, Slice
from browserconc.report import har, html, junit, legend, palette, perfetto
from tests.golden.results import RESULTS as EXAMPLES
from tests.golden.results import default_run
from tests.unit.test_reports_of_any_result import RESULTS

some = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOSTILE = "</script><img src=x onerror=alert(1)>{{ 7 * 7 }}\"'&amp;\u2028"


def hostile() -> Result:
    """Every text that comes from outside is an attack."""
    result = default_run()
    trials = [
        replace(
            trial,
            strategy=f"{trial.strategy} {HOSTILE}",
            server=HOSTILE,
            url=HOSTILE,
            verdict=replace(trial.verdict, doubts=(HOSTILE,), because=(HOSTILE,)),
            requests=tuple(
                replace(
                    request,
                    url=f"http://x/{HOSTILE}",
                    error=HOSTILE,
                    slices=tuple(replace(piece, because=HOSTILE) for piece in request.slices),
                )
                for request in trial.requests
            ),
        )
        for trial in result.trials
    ]
    return replace(
        result,
        trials=tuple(trials),
        conclusion=replace(result.conclusion, summary=HOSTILE),
        recording=HOSTILE,
    )


def har_validator() -> jsonschema.protocols.Validator:
    """The schema of https://github.com/ahmadnassri/har-schema, whose parts refer to each other."""
    files = Path(__file__).parents[1].joinpath("har_schema").glob("*.json")
    schemas = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"].rstrip("#"), Resource.from_contents(schema)) for schema in schemas
    )
    whole = next(schema for schema in schemas if schema["$id"] == "har.json#")
    return jsonschema.Draft6Validator(whole, registry=registry)


VALID_HAR = har_validator()


@some
@given(RESULTS)
def test_har_is_valid_and_its_phases_sum(result: Result) -> None:
    log = json.loads(har.render(result))
    VALID_HAR.validate(log)
    entries = log["log"]["entries"]
    assert len(entries) == sum(len(trial.requests) for trial in result.trials)
    for entry in entries:
        phases = entry["timings"]
        known = [
            phases[name] for name in ("blocked", "connect", "send", "wait", "receive") if phases[name] > 0
        ]
        assert sum(known) == pytest.approx(entry["time"], abs=1e-3)
        split = [ms for name, ms in phases.items() if name.startswith("_blocked_")]
        assert sum(split) == pytest.approx(phases["blocked"], abs=1e-3)


def test_the_har_schema_is_whole_and_refuses() -> None:
    broken = json.loads(har.render(default_run()))
    broken["log"]["entries"][3]["request"]["headers"] = [{"name": "x"}]
    with pytest.raises(jsonschema.ValidationError):
        VALID_HAR.validate(broken)


def test_har_says_who_blocked() -> None:
    entries = json.loads(har.render(default_run()))["log"]["entries"]
    last_of_the_tabs = [entry for entry in entries if entry["pageref"] == "trial_2"][-1]["timings"]
    assert last_of_the_tabs["_blocked_cache-lock"] == 9 * 503
    assert last_of_the_tabs["blocked"] == 9 * 503 + 10
    assert last_of_the_tabs["connect"] == 2
    assert last_of_the_tabs["wait"] == 500
    assert last_of_the_tabs["receive"] == 6


def test_waiting_at_the_server_is_not_blocked() -> None:
    slices = (Slice("browser-overhead", 0, 10), Slice("server-width", 10, 60), Slice(SERVICE, 60, 90))
    phases = har.timings(slices)
    assert (phases["blocked"], phases["wait"]) == (10 / 1e6, 80 / 1e6)


def test_impossible_instants_have_a_date_all_the_same() -> None:
    result = default_run()
    late = replace(result.trials[0].requests[0], start_ns=10**30, end_ns=10**30, slices=())
    trial = replace(result.trials[0], requests=(late,))
    VALID_HAR.validate(json.loads(har.render(replace(result, trials=(trial, trial)))))


@some
@given(RESULTS)
def test_trace_keeps_the_rules_of_its_format(result: Result) -> None:
    trace = json.loads(perfetto.render(result))
    events = trace["traceEvents"]
    named = {(e["pid"], e["tid"]) for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    spans: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for event in events:
        assert event["ph"] in {"M", "X", "C", "s", "t", "f"}
        if event["ph"] == "X":
            assert event["dur"] >= 0
            assert (event["pid"], event["tid"]) in named
            spans[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for track in spans.values():
        assert_nested(track)
    flows = defaultdict(list)
    for event in events:
        if event["ph"] in "stf":
            flows[event["id"]].append(event)
            around = spans[event["pid"], event["tid"]]
            assert any(begin <= event["ts"] <= end for begin, end in around)
    for steps in flows.values():
        phases = [step["ph"] for step in steps]
        assert sorted(phases, key="stf".index) in (["s", "f"], ["s", "t", "f"])


def test_trace_has_no_escape_that_perfetto_does_not_know() -> None:
    """It shows an escaped character as six, and a backslash before the last quote is the quote's escape."""
    result = default_run()
    first, *others = result.trials[0].requests
    odd = (
        replace(
            first, url="http://x/并发\\", error="\\", slices=(replace(first.slices[0], because="é\\\\"),)
        ),
    )
    trial = replace(result.trials[0], strategy="naïve\\", server="\\", requests=(*odd, *others))
    conclusion = replace(result.conclusion, summary="C:\\")
    text = perfetto.render(replace(result, trials=(trial,), conclusion=conclusion))
    assert json.loads(text)["otherData"]["conclusion"] == "C:\\ "
    assert re.findall(r'\\\\"[,:}]', text) == []
    assert re.findall(r"(?<!\\)(?:\\\\)*\\[^\\\"]", text) == []
    assert "http://x/并发" in text


def assert_nested(spans: list[tuple[float, float]]) -> None:
    """Two spans of one track are apart, or one is within the other; a µs of rounding is forgiven."""
    open_until: list[float] = []
    for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        while open_until and open_until[-1] <= begin + 1e-3 * max(1.0, begin * 1e-9):
            open_until.pop()
        assert not open_until or end <= open_until[-1] + 1
        open_until.append(end)


def test_what_overlaps_on_one_thread_or_socket_has_tracks_of_its_own() -> None:
    """Greenlets share a thread and HTTP/2 streams a socket; spans that cross would be dropped."""
    result = default_run()
    trial = result.trials[3]
    assert trial.requests[1].server
    shared = tuple(
        replace(request, local_port=443, server=replace(request.server, thread="hub"))
        for request in trial.requests
        if request.server
    )
    trace = json.loads(perfetto.render(replace(result, trials=(replace(trial, requests=shared),))))
    spans = defaultdict(list)
    for event in trace["traceEvents"]:
        if event["ph"] == "X":
            spans[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for track in spans.values():
        assert_nested(track)
    assert len([1 for pid, _ in spans if pid == 3]) == len(shared)


@pytest.mark.parametrize("name", EXAMPLES)
def test_trace_counts_and_leads_from_browser_to_server(name: str) -> None:
    result = EXAMPLES[name]()
    events = json.loads(perfetto.render(result))["traceEvents"]
    phases = Counter(event["ph"] for event in events)
    requests = sum(len(trial.requests) for trial in result.trials)
    assert phases["s"] == phases["t"] == phases["f"] == requests  # each has a port and a server here
    levels = defaultdict(list)
    for event in events:
        if event["ph"] == "C":
            levels[event["pid"]].append(event["args"]["requests"])
    assert all(track[-1] == 0 and min(track) >= 0 for track in levels.values())
    assert max(levels[1]) == result.trials[0].tabs


@some
@given(RESULTS)
def test_junit_is_xml_whose_sums_are_right(result: Result) -> None:
    checks = [("contexts=concurrent", None), ("tabs=\x1b<serial>", "Expected \x00 otherwise.")]
    suite = ElementTree.fromstring(junit.render(result, checks)).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.attrib["tests"]) == len(result.trials) + 2
    assert suite.attrib["failures"] == "1"
    for outcome, total in (("error", "errors"), ("skipped", "skipped")):
        assert sum(case.find(outcome) is not None for case in cases) == int(suite.attrib[total])


class Page(HTMLParser):
    """Its elements, its attributes, and the texts of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.raw: dict[str, list[str]] = defaultdict(list)
        self.policy = ""
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        known = dict(attrs)
        if known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known.get("content") or ""

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.raw[self.cdata_elem].append(data)
        else:
            self.text += data


ELEMENTS = set(Page(html.render(default_run())).tags) | {"h3", "details", "line", "li"}


@some
@given(RESULTS)
def test_page_holds_only_our_elements_and_data_that_partitions(result: Result) -> None:
    page = Page(html.render(result))
    assert set(page.tags) <= ELEMENTS
    assert page.tags["script"] == 2
    data = json.loads(page.raw["script"][0])
    assert len(data["trials"]) == len(result.trials)
    for trial in data["trials"]:
        for request in trial["requests"]:
            ends = request[-1][1::3]
            assert ends == sorted(ends)
            assert request[4] <= request[5]
            assert ends[-1:] in ([], [request[5]])


def test_hostile_text_stays_text_and_nothing_else_may_run() -> None:
    page = Page(html.render(hostile()))
    assert set(page.tags) <= ELEMENTS
    assert not any(name.startswith("on") for name in page.attributes)
    assert page.text.count("<img src=x onerror=alert(1)>{{ 7 * 7 }}") > 10
    assert "\u2028" not in page.text
    for kind, place in (("style", 0), ("script", 1)):
        digest = b64encode(sha256(page.raw[kind][place].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page.policy
    assert "default-src 'none'" in page.policy


def test_page_names_no_address_but_those_measured() -> None:
    text = html.render(default_run())
    assert set(Page(text).tags) & {"iframe", "img", "object", "audio", "base", "form"} == set()
    foreign = [word for word in text.split('"') if "://" in word and "127.0.0.1" not in word]
    assert all("www.w3.org/2000/svg" in word for word in foreign if word.startswith("http"))


def test_every_cause_is_painted_differently() -> None:
    assert set(palette.PAINTS) == set(legend.LOOKS)
    assert len({(paint.hue, paint.pattern) for paint in palette.PAINTS.values()}) == len(palette.PAINTS)
    patterns_by_hue = Counter(paint.pattern for paint in palette.PAINTS.values())
    assert set(patterns_by_hue) <= set(palette.PATTERNS)
    style = Path(html.__file__).with_name("page").joinpath("style.css").read_text(encoding="utf-8")
    for paint in palette.PAINTS.values():
        assert f".hue-{paint.hue} {{" in style
        assert style.count(f"--{paint.hue}: #") == 2  # light and dark


def test_slices_that_touch_still_touch_in_the_page() -> None:
    for name in EXAMPLES:
        data = json.loads(Page(html.render(EXAMPLES[name]())).raw["script"][0])
        for request in (request for trial in data["trials"] for request in trial["requests"]):
            edges = [request[4], *request[-1][1::3]]
            assert all(one < other for one, other in pairwise(edges))
