"""The ways to ask, and what a URL says of them."""

import pytest

from browserconc.lab.http_answer import Answer
from browserconc.lab.http_request import request
from browserconc.lab.workloads import WORKLOADS, asked_for, of_others
from browserconc.model.target import Target


@pytest.mark.parametrize(
    ("url", "workload", "said"),
    [
        ("127.0.0.1:5000/a", None, ("http://127.0.0.1:5000/a", "navigate")),
        ("https://host/a", "sse", ("https://host/a", "sse")),
        ("ws://host/chat", None, ("http://host/chat", "websocket")),
        ("wss://host/chat?a=1", "websocket", ("https://host/chat?a=1", "websocket")),
        ("ws://host/chat", "fetch", ("ws://host/chat", "fetch")),
    ],
)
def test_a_url_and_how_it_is_asked_for(url: str, workload: str | None, said: tuple[str, str]):
    assert asked_for(url, workload) == said


def test_every_workload_can_be_asked_of_others():
    assert {of_others(name).name for name in WORKLOADS} == set(WORKLOADS)
    assert [name for name in WORKLOADS if of_others(name).stays_open] == ["sse", "websocket"]


def test_a_stream_of_others_is_there_with_its_headers():
    answer = Answer(request("http://127.0.0.1/events"), None, of_others("sse").until)
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
    assert not answer.over
    answer.feed(b"\r\n")
    assert (answer.finished, answer.status) == (True, 200)


def test_a_tab_goes_there_only_for_a_plain_navigation():
    url = "http://127.0.0.1/"
    assert Target(url).is_navigated_to
    assert not Target(url, method="POST").is_navigated_to
    assert not Target(url, workload="fetch").is_navigated_to
