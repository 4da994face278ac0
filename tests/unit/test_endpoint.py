import threading

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from browserconc.lab.endpoint import Barrier, create_app

APP = create_app()


@pytest.fixture
def client() -> FlaskClient:
    return APP.test_client()


@pytest.mark.parametrize(
    "url",
    ["/slow?delay=0", "/cpu?seconds=0", "/stream?delay=0", "/barrier?k=1", "/ready", "/slow?delay=0&tab=3"],
)
def test_every_route_answers_the_page_without_cache_headers(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert b'<link rel=icon href="data:,">' in answer.data
    assert not {"Cache-Control", "ETag", "Last-Modified", "Expires", "Set-Cookie", "Vary"} & set(
        dict(answer.headers)
    )


@pytest.mark.parametrize("route", ["/slow?delay=0&", "/stream?delay=0&chunks=7&", "/ready?"])
@pytest.mark.parametrize("size", [0, 1, 75, 76, 77, 1000, 70_001])
def test_size_is_the_body_s_length(client: FlaskClient, route: str, size: int) -> None:
    answer = client.get(f"{route}size={size}")
    assert len(answer.data) == size == answer.content_length


def test_cache_control_becomes_a_header(client: FlaskClient) -> None:
    assert client.get("/ready?cache-control=max-age%3D60").headers["Cache-Control"] == "max-age=60"


def test_no_favicon(client: FlaskClient) -> None:
    assert client.get("/favicon.ico").status_code == 204


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("/slow?delay=-1", "delay"),
        ("/slow?delay=nan", "delay"),
        ("/slow?delay=inf", "delay"),
        ("/slow?delay=601", "delay"),
        ("/slow?delay=", "delay"),
        ("/cpu?seconds=x", "seconds"),
        ("/stream?chunks=0", "chunks"),
        ("/barrier?k=0", "k"),
        ("/barrier?k=1&timeout=-1", "timeout"),
        ("/ready?size=-1", "size"),
        ("/ready?size=100000001", "size"),
        ("/ready?size=1e3", "size"),
        ("/ready?size=%C2%B2", "size"),
        ("/ready?cache-control=a%0d%0aSet-Cookie:%20b", "cache-control"),
    ],
)
def test_a_bad_value_is_answered_400_with_one_sentence(client: FlaskClient, url: str, named: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert answer.text.startswith(f"{named} must be ")
    assert answer.text.count("\n") == 1


@given(st.sampled_from(["delay", "size", "chunks", "cache-control"]), st.text(max_size=20))
def test_no_value_of_any_key_is_an_error_of_ours(key: str, value: str) -> None:
    query = {"delay": "0", "chunks": "1", key: value}
    if key == "delay" and value.strip().replace("_", "").replace(".", "").isdecimal():
        return  # a good value, which would sleep
    assert APP.test_client().get("/stream", query_string=query).status_code in {200, 400}


def test_a_barrier_that_stays_alone_gives_up_with_503(client: FlaskClient) -> None:
    answer = client.get("/barrier?k=2&timeout=0")
    assert answer.status_code == 503
    assert "Fewer than 2 requests" in answer.text


def test_a_barrier_opens_for_each_full_group_and_for_nobody_else() -> None:
    barrier = Barrier()
    passed: list[bool] = []
    threads = [threading.Thread(target=lambda: passed.append(barrier.wait(3, 20))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert passed == [True] * 6
    assert barrier.wait(3, 0) is False
    assert barrier.wait(1, 0) is True
