"""The result JSON against the schema that we print, and against the contract spelled out by hand."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from browserconc.report import json_text, result_json
from tests.golden.results import RESULTS

NULL = type(None)
NUMBER = (int, float)
ENVIRONMENT = {"browserconc": str, "python": str, "platform": str, "cpus": int, "memory_bytes": int}
BROWSER = {"name": str, "version": str, "path": str, "headless": bool, "switches": list}
TRIAL = {
    "id": str,
    "strategy": str,
    "server": (str, NULL),
    "url": str,
    "tabs": int,
    "delay_s": (*NUMBER, NULL),
    "repeat": int,
    "start_spread_s": (*NUMBER, NULL),
    "makespan_s": NUMBER,
    "ideal_s": (*NUMBER, NULL),
    "concurrency": dict,
    "verdict": dict,
    "waiting_s": dict,
    "cost": (dict, NULL),
    "requests": list,
}
CONCURRENCY = {"sustained": int, "peak": int, "effective": NUMBER}
VERDICT = {
    "kind": str,
    "limit": (int, NULL),
    "culprit": (str, NULL),
    "cause": (str, NULL),
    "share": NUMBER,
    "doubts": list,
}
COST = {"rss_bytes": int, "cpu_s": NUMBER, "startup_s": NUMBER}
REQUEST = {
    "index": int,
    "url": str,
    "status": (int, NULL),
    "error": (str, NULL),
    "start_s": NUMBER,
    "end_s": NUMBER,
    "local_port": (int, NULL),
    "connection_reused": (bool, NULL),
    "server": (dict, NULL),
    "slices": list,
}
SERVER = {
    "accepted_s": (*NUMBER, NULL),
    "started_s": NUMBER,
    "finished_s": NUMBER,
    "pid": int,
    "thread": (str, int, NULL),
}
SLICE = {"cause": str, "start_s": NUMBER, "end_s": NUMBER}
CONCLUSION = {
    "summary": str,
    "culprit": (str, NULL),
    "cause": (str, NULL),
    "limit": (int, NULL),
    "server_limit": (int, NULL),
    "browser_limit": (int, NULL),
    "skew": (*NUMBER, NULL),
    "remedies": list,
}
REMEDY = {
    "change": str,
    "cause_removed": str,
    "makespan_s": NUMBER,
    "limit": (int, NULL),
    "rss_bytes_per_tab": (int, NULL),
    "proven": bool,
}


def holds(value: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, kind in fields.items():
        assert name in value
        assert isinstance(value[name], kind), (name, value[name])
        # a bool is an int to Python, but not to the contract
        kinds = kind if isinstance(kind, tuple) else (kind,)
        assert not isinstance(value[name], bool) or bool in kinds, name


@pytest.mark.parametrize("name", RESULTS)
def test_rendered_result_is_valid(name: str) -> None:
    validator = jsonschema.Draft202012Validator(result_json.schema())
    validator.validate(json.loads(result_json.render(RESULTS[name]())))


def test_schema_is_a_schema_with_a_name() -> None:
    schema = result_json.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == "browserconc/result-1"
    assert schema["$id"]
    assert schema["description"]


@pytest.mark.parametrize("name", RESULTS)
def test_rendered_result_is_what_the_contract_says(name: str) -> None:
    result = json.loads(result_json.render(RESULTS[name]()))
    assert result["schema"] == "browserconc/result-1"
    holds(result, {"command": str, "environment": dict, "trials": list, "conclusion": dict})
    holds(result["environment"], ENVIRONMENT)
    holds(result["environment"]["browser"], BROWSER)
    holds(result["conclusion"], CONCLUSION)
    for remedy in result["conclusion"]["remedies"]:
        holds(remedy, REMEDY)
    for trial in result["trials"]:
        holds(trial, TRIAL)
        holds(trial["concurrency"], CONCURRENCY)
        holds(trial["verdict"], VERDICT)
        assert trial["verdict"]["kind"] in {"concurrent", "limited", "serial", "undecided"}
        assert trial["verdict"]["culprit"] in {None, "browser", "server", "client", "network", "page"}
        assert 0 <= trial["verdict"]["share"] <= 1
        assert "unattributed" in trial["waiting_s"]
        if trial["cost"]:
            holds(trial["cost"], COST)
        for request in trial["requests"]:
            holds(request, REQUEST)
            holds(request["server"], SERVER)
            for piece in request["slices"]:
                holds(piece, SLICE)


@pytest.mark.parametrize("name", RESULTS)
def test_slices_partition_to_the_last_bit(name: str) -> None:
    result = json.loads(result_json.render(RESULTS[name]()))
    for request in (request for trial in result["trials"] for request in trial["requests"]):
        edges = [request["start_s"], *(piece["end_s"] for piece in request["slices"])]
        assert [piece["start_s"] for piece in request["slices"]] == edges[:-1]
        assert edges[-1] == request["end_s"]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("trials", 0, "verdict", "kind"), "fast"),
        (("trials", 0, "verdict", "culprit"), "user"),
        (("trials", 0, "verdict", "share"), 1.5),
        (("trials", 0, "tabs"), "ten"),
        (("trials", 0, "waiting_s"), {}),
        (("schema",), "browserconc/result-2"),
        (("conclusion",), None),
    ],
)
def test_schema_refuses_what_the_contract_refuses(where: tuple[str | int, ...], value: object) -> None:
    result: Any = json.loads(result_json.render(RESULTS["default"]()))
    inner = result
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(result_json.schema()).validate(result)


def test_further_fields_are_allowed() -> None:
    result: Any = json.loads(result_json.render(RESULTS["default"]()))
    result["trials"][0]["of_the_future"] = 1
    jsonschema.Draft202012Validator(result_json.schema()).validate(result)
    assert result_json.parse(json.dumps(result)).trials[0].strategy == "raw-socket"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": "browserconc/result-1"}',
        '{"schema": 1}',
        b"\xff\xfe",
        "[" * 100_000,
        '{"schema": "browserconc/result-1", "command": "compare", "trials": 3}',
    ],
)
def test_what_is_no_result_is_refused_in_one_sentence(text: str | bytes) -> None:
    with pytest.raises(json_text.ResultError, match=r"^This is not a browserconc result \(.+\)\.$"):
        result_json.parse(text)


def test_another_schema_is_refused_by_name() -> None:
    with pytest.raises(json_text.ResultError, match=r"result-9.*reads 'browserconc/result-1'"):
        result_json.parse('{"schema": "browserconc/result-9"}')
