"""A request is what the user asked for, byte by byte, and its refusal repeats no secret."""

from __future__ import annotations

import pytest

from browserconc.lab.http_request import RequestError, origin, request

URL = "http://127.0.0.1:5000/slow?delay=0.5"


def test_a_request_is_what_goes_over_the_wire() -> None:
    assert request(URL).wire == (
        b"GET /slow?delay=0.5 HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n"
        b"User-Agent: browserconc\r\nAccept: */*\r\n\r\n"
    )


def test_method_cookies_and_body() -> None:
    wire = request("https://h/a", method="POST", cookies=[("a", "b"), ("c", "d=e")], body=b"x=1").wire
    assert wire.startswith(b"POST /a HTTP/1.1\r\nHost: h\r\n")
    assert b"\r\nCookie: a=b; c=d=e\r\n" in wire
    assert b"\r\nContent-Length: 3\r\n" in wire
    assert wire.endswith(b"\r\n\r\nx=1")


def test_a_post_of_nothing_says_so() -> None:
    assert b"\r\nContent-Length: 0\r\n" in request(URL, method="POST").wire
    assert b"Content-Length" not in request(URL).wire


def test_a_given_header_replaces_the_standard_one() -> None:
    headers = [("user-AGENT", "x"), ("Cookie", "a=b")]
    wire = request("http://[::1]:80/ü?q=%20 a#part", headers=headers, cookies=[("c", "d")]).wire
    assert wire.startswith(b"GET /%C3%BC?q=%20%20a HTTP/1.1\r\nHost: [::1]:80\r\n")
    assert b"user-AGENT: x\r\nCookie: a=b\r\n\r\n" in wire
    assert b"browserconc" not in wire
    assert b"c=d" not in wire


@pytest.mark.parametrize(
    "url", ["127.0.0.1:5000", "http://", "http://h:99999/", "http://[::1/", "ftp://h/", "https:///x", ""]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match="needs http:// or https:// URLs with a host"):
        request(url)


@pytest.mark.parametrize(
    "header", [("Cookie", "a=b\r\nX: secret"), ("Bad name", "secret"), ("X", "secret\x00")]
)
def test_a_header_that_is_none_is_refused_by_name_alone(header: tuple[str, str]) -> None:
    with pytest.raises(RequestError) as refusal:
        request(URL, headers=[header])
    assert "secret" not in str(refusal.value)
    assert repr(header[0]) in str(refusal.value)


@pytest.mark.parametrize("cookie", [("a", "secret\r\nX: y"), ("a", "secret\x00")])
def test_a_cookie_that_is_none_is_refused_unsaid(cookie: tuple[str, str]) -> None:
    with pytest.raises(RequestError) as refusal:
        request(URL, cookies=[cookie])
    assert "secret" not in str(refusal.value)


def test_a_request_shows_nothing_of_itself() -> None:
    made = request(URL, headers=[("Authorization", "secret")], cookies=[("a", "secret")], body=b"secret")
    assert "secret" not in repr(made)


def test_credentials_in_a_url_are_refused_unsaid() -> None:
    with pytest.raises(RequestError) as refusal:
        request("http://me:secret@127.0.0.1/")
    assert "secret" not in str(refusal.value)


def test_an_origin_has_a_port() -> None:
    assert origin("http://a.localhost/x") == ("a.localhost", 80, False)
    assert origin("http://[::1]:8080") == ("::1", 8080, False)
    assert origin("https://h/") == ("h", 443, True)
