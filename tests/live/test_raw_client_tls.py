"""The raw-socket client over TLS: the same instants, certificates checked, every failure a phrase."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from small_servers import OK, answering, closes_at_once, serving

from browserconc.evidence.client import FILE, ClientLine, read, tracks
from browserconc.lab.http_answer import Jar
from browserconc.lab.process import Household
from browserconc.lab.raw_client import Mode
from browserconc.lab.strategies.raw_socket import RawClientError, measure

pytestmark = pytest.mark.live


@pytest.fixture
def household() -> Iterator[Household]:
    with Household() as ours:
        yield ours


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


@pytest.fixture
def certificate(ca_file: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def flown(
    household: Household, folder: Path, url: str, clients: int, **more: object
) -> list[ClientLine]:
    out = folder / FILE
    mode: Mode = "warm" if more.pop("warm", False) else "cold"
    await measure(household, urls=[url] * clients, mode=mode, timeout_s=5, out=out, **more)  # type: ignore[arg-type]
    return read(out)


@pytest.mark.parametrize("warm", [False, True])
async def test_all_are_in_flight_together(
    household: Household, tmp_path: Path, certificate: ssl.SSLContext, ca_file: Path, warm: bool
) -> None:
    with serving(answering(OK, delay_s=0.5), tls=certificate) as port:
        url = f"https://127.0.0.1:{port}/"
        lines = await flown(household, tmp_path, url, 30, warm=warm, ca_file=ca_file)
    assert {(line.status, line.error) for line in lines} == {(200, None)}
    for line in lines:
        assert line.connected_ns
        assert line.secured_ns
        assert line.sent_ns
        assert line.first_byte_ns
        assert line.connected_ns < line.secured_ns <= line.sent_ns
        assert 0.5e9 <= line.first_byte_ns - line.sent_ns < 2e9
    assert max(line.sent_ns or 0 for line in lines) < min(line.first_byte_ns or 0 for line in lines)
    if warm:
        assert max(line.secured_ns or 0 for line in lines) < min(line.sent_ns or 0 for line in lines)
    span = tracks(tmp_path / FILE)[0].span("ssl")
    assert span
    assert (span.start_ns, span.end_ns) == (lines[0].connected_ns, lines[0].secured_ns)


async def test_a_certificate_is_checked_unless_told_otherwise(
    household: Household, tmp_path: Path, certificate: ssl.SSLContext, ca_file: Path
) -> None:
    with serving(answering(OK), tls=certificate) as port:
        url = f"https://127.0.0.1:{port}/"
        (unknown,) = await flown(household, tmp_path, url, 1)
        (other_name,) = await flown(
            household, tmp_path, f"https://localhost:{port}/", 1, ca_file=ca_file, warm=True
        )
        (unchecked,) = await flown(household, tmp_path, url, 1, verify_tls=False)
    assert unknown.error
    assert unknown.error.startswith("the certificate was not accepted (")
    assert other_name.error
    assert "mismatch" in other_name.error
    assert (unchecked.status, unchecked.error) == (200, None)


@pytest.mark.parametrize("warm", [False, True])
async def test_a_server_without_tls(household: Household, tmp_path: Path, warm: bool) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()

    with serving(handler) as port:
        (line,) = await flown(household, tmp_path, f"https://127.0.0.1:{port}/", 1, warm=warm)
    assert line.error == "TLS failed (wrong version number)"


@pytest.mark.parametrize("warm", [False, True])
async def test_a_server_that_closes_at_once(household: Household, tmp_path: Path, warm: bool) -> None:
    with serving(closes_at_once) as port:
        lines = await flown(household, tmp_path, f"https://127.0.0.1:{port}/", 3, warm=warm)
    assert {line.error for line in lines} <= {
        "the server closed the connection during the TLS handshake",
        "connection reset by the server",
    }


async def test_an_answer_that_ends_with_the_connection(
    household: Household, tmp_path: Path, certificate: ssl.SSLContext
) -> None:
    whole = b"HTTP/1.0 200 OK\r\n\r\nuntil the end"
    with serving(answering(whole, then_close=True), tls=certificate) as port:
        lines = await flown(household, tmp_path, f"https://127.0.0.1:{port}/", 4, verify_tls=False)
    assert {(line.status, line.error, line.bytes) for line in lines} == {(200, None, len(whole))}


async def test_no_authority_is_a_sentence(household: Household, tmp_path: Path) -> None:
    with pytest.raises(RawClientError, match="cannot be used"):
        await flown(household, tmp_path, "https://127.0.0.1:1/", 1, ca_file=tmp_path / "none.pem")


async def test_method_cookies_and_body_arrive(household: Household, tmp_path: Path) -> None:
    heads: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(3))
        writer.write(OK)
        await writer.drain()

    jars: tuple[Jar, ...] = ((("session", "one"),), (("session", "two"),))
    with serving(handler) as port:
        url = f"http://127.0.0.1:{port}/"
        lines = await flown(household, tmp_path, url, 4, method="PUT", body=b"x=1", jars=jars)
    assert {line.status for line in lines} == {200}
    assert sorted(head.partition(b"session=")[2][:3] for head in heads) == [b"one", b"one", b"two", b"two"]
    assert all(head.startswith(b"PUT / ") and head.endswith(b"\r\n\r\nx=1") for head in heads)
    assert b"session" not in (tmp_path / FILE).read_bytes()
