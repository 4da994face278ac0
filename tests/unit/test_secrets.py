"""Credentials are overwritten, everything else stays, and no length changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc.evidence import secrets
from browserconc.evidence.secrets import blank


@pytest.mark.parametrize(
    "header",
    [
        "Cookie: s3cret",
        "set-cookie: s3cret; Path=/",
        "Authorization: Bearer s3cret",
        "proxy-authorization: s3cret",
        "X-Api-Key: s3cret",
        "x-auth-token: s3cret",
        "X-CSRF-Token: s3cret",
        "X-Session-Id: s3cret",
        r"Cookie: a=\"s3cret\"",
    ],
)
def test_the_value_of_a_credential_is_overwritten(header: str) -> None:
    json = f'{{"headers":["Host: example.test","{header}","Accept: */*"],"line":"GET / HTTP/1.1"}}'.encode()
    blanked = blank(json)
    assert b"s3cret" not in blanked
    assert len(blanked) == len(json)
    name = header.split(":", maxsplit=1)[0]
    assert blanked.startswith(f'{{"headers":["Host: example.test","{name}: *'.encode())
    assert blanked.endswith(b'","Accept: */*"],"line":"GET / HTTP/1.1"}')


def test_user_and_password_of_an_address_are_overwritten() -> None:
    assert blank(b'{"url":"http://me:pw@host.test/a@b?c@d"}') == b'{"url":"http://*****@host.test/a@b?c@d"}'


@pytest.mark.parametrize(
    "json",
    [
        b'["Cookie: [12 bytes were stripped]"]',
        b'{"site_for_cookies":"SiteForCookies: {site=http://127.0.0.1; schemefully_same=true}"}',
        b'[":authority: localhost:8000","Content-Type: text/html","Cache-Control: no-store"]',
        b'{"url":"http://127.0.0.1:8000/mail/me@host.test"}',
        b'{"cookies":true,"token":5}',
    ],
)
def test_everything_else_stays(json: bytes) -> None:
    assert blank(json) == json


@given(data=st.binary(max_size=300))
def test_no_bytes_change_their_length(data: bytes) -> None:
    assert len(blank(b'"Cookie: ' + data)) == len(data) + 9


SECRET_NAMES = [
    "token",
    "access_token",
    "api_key",
    "apikey",
    "key",
    "password",
    "Passwd",
    "sig",
    "X-Auth",
    "%6Bey",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
@given(value=st.text("XYZ", min_size=1), before=st.sampled_from(["?", "?a=b&", "#", "?x;"]))
def test_secret_values_of_addresses_are_masked(name: str, value: str, before: str):
    address = f"https://host.test/path{before}{name}={value}&plain=1"
    shown = secrets.masked(address)
    assert f"={value}&" not in shown
    assert shown.endswith("&plain=1")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:word@host.test/", "https://***@host.test/"),
        ("data:text/plain,word", "data:***"),
        ("https://host.test/?next=https%3A%2F%2Fother.test%2F%3Ftoken%3Dword", "https://host.test/?next=***"),
        ("https://host.test/?delay=0.5&tab=3", "https://host.test/?delay=0.5&tab=3"),
    ],
)
def test_addresses_are_shown_without_what_is_secret(address: str, shown: str):
    assert secrets.masked(address) == shown


def test_an_endless_address_is_cut():
    assert len(secrets.masked("https://host.test/" + "x" * 1_000_000)) == secrets.LONGEST_URL + 1
