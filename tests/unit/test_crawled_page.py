"""The page that a crawl meets is the same from both endpoints, with sub-resources of its own."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import pytest

from browserconc.lab import async_endpoint
from browserconc.lab.endpoint import create_app


def from_flask(path: str) -> tuple[int, str, bytes]:
    answer = create_app().test_client().get(path)
    return answer.status_code, answer.mimetype, answer.data


def from_asgi(path: str) -> tuple[int, str, bytes]:
    async def asked() -> tuple[int, str, bytes]:
        where, _, query = path.partition("?")
        answer = await async_endpoint.Endpoint().respond(where, query)
        body = b"".join([piece async for piece in answer.body])
        assert answer.size == len(body)
        return answer.status, dict(answer.headers)["content-type"].split(";")[0], body

    return asyncio.run(asked())


ENDPOINTS = pytest.mark.parametrize("get", [from_flask, from_asgi])


def resources(page: bytes) -> list[str]:
    return [unescape(link) for link in re.findall(r'(?:href|src)="(/resource/[^"]+)"', page.decode())]


@ENDPOINTS
def test_a_page_has_five_sub_resources_that_exist(get):
    status, kind, page = get("/page?delay=0&name=a%26b")
    assert (status, kind) == (200, "text/html")
    links = resources(page)
    assert len(set(links)) == 5
    kinds = [get(link)[:2] for link in links]
    assert [status for status, _ in kinds] == [200] * 5
    assert {kind for _, kind in kinds} == {"text/css", "text/javascript", "image/svg+xml"}


@ENDPOINTS
def test_pages_of_different_names_share_no_address(get):
    one, other = (set(resources(get(f"/page?delay=0&name={name}")[2])) for name in "ab")
    assert not one & other


@ENDPOINTS
@pytest.mark.parametrize("resources_asked", [0, 1, 12])
def test_as_many_sub_resources_as_asked_for(get, resources_asked):
    assert len(resources(get(f"/page?delay=0&resources={resources_asked}")[2])) == resources_asked


@ENDPOINTS
@pytest.mark.parametrize("path", ["/page?resources=1000", "/page?delay=never", "/resource/virus.exe?delay=0"])
def test_what_is_refused_is_refused_in_a_sentence(get, path):
    status, kind, said = get(path)
    assert (status, kind) == (400, "text/plain")
    assert said.strip().endswith(b".")
