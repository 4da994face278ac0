"""Which hosts may be loaded unasked, and what a URL must be."""

import pytest

from browserconc.lab.reach import ForeignHostError, Place, TargetError, locate, permit


@pytest.mark.parametrize(
    ("url", "loopback", "private"),
    [
        ("http://127.0.0.1:5000/", True, True),
        ("http://[::1]:5000/", True, True),
        ("http://localhost/", True, True),
        ("http://tab1.localhost:81/", True, True),
        ("http://192.168.7.9/", False, True),
        ("http://10.1.2.3/", False, True),
        ("http://172.16.0.1/", False, True),
        ("http://8.8.8.8/", False, False),
        ("http://[2001:4860:4860::8888]/", False, False),
    ],
)
async def test_a_place_is_known_by_its_addresses(url: str, loopback: bool, private: bool):
    place = await locate(url)
    assert (place.loopback, place.private) == (loopback, private)


async def test_the_port_is_that_of_the_scheme():
    assert (await locate("https://127.0.0.1/")).port == 443
    assert (await locate("http://127.0.0.1/")).port == 80


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://127.0.0.1/", "http://", "http://[::1/", "http://a:99999/", "file:///x"]
)
async def test_what_is_no_url_is_a_sentence(url: str):
    with pytest.raises(TargetError, match=r"is not a URL"):
        await locate(url)


def test_a_host_of_others_is_loaded_only_with_leave():
    stranger = Place("example.com", 443, loopback=False, private=False)
    with pytest.raises(ForeignHostError, match="--i-may-load-this-host"):
        permit(stranger, allowed=False)
    permit(stranger, allowed=True)
    permit(Place("printer", 80, loopback=False, private=True), allowed=False)
