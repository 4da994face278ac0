"""A proxy's address is taken apart once; its password is never shown."""

import pytest

from browserconc.lab.proxy import Proxy, ProxyError, parse


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://127.0.0.1:3128", Proxy("http://127.0.0.1:3128")),
        ("127.0.0.1:3128", Proxy("http://127.0.0.1:3128")),
        ("socks5://proxy.test", Proxy("socks5://proxy.test:1080")),
        ("http://[::1]:3128", Proxy("http://[::1]:3128")),
        ("https://me:p%40ss@proxy.test", Proxy("https://proxy.test:443", "me", "p@ss")),
    ],
)
def test_what_is_a_proxy(text, proxy):
    assert parse(text) == proxy


@pytest.mark.parametrize(
    "text", ["", "ftp://proxy.test", "http://", "http://proxy.test:99999999", "http://[::1"]
)
def test_what_is_none(text):
    with pytest.raises(ProxyError, match="is no proxy"):
        parse(text)


def test_the_password_is_shown_nowhere():
    assert "secret" not in repr(parse("http://me:secret@proxy.test:1"))
    with pytest.raises(ProxyError) as refused:
        parse("gopher://me:secret@proxy.test")
    assert "secret" not in str(refused.value)
