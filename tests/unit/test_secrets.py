"""Credentials are overwritten, everything else stays, and no length changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
