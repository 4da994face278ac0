"""Limits: which are chosen, what readings say together, how they are printed, and what holds the requests."""

import asyncio
import json

import pytest

from browserconc import limit_survey
from browserconc.lab.browser import DriverError
from browserconc.lab.holding_server import HoldingServer
from browserconc.lab.limit_bench import Bench, Measurement
from browserconc.lab.limits import MEASUREMENTS, timers
from browserconc.limit_survey import UnknownLimitError, chosen, together
from browserconc.model.finding import BrowserFacts, Environment
from browserconc.model.limit import Limit, Limits, Reading
from browserconc.report import limits as limits_page
from browserconc.report import limits_json

CONTRACT = [
    *("per-host", "per-host-two-sites", "per-host-no-credentials", "per-host-two-contexts", "pool"),
    *("pool-two-contexts", "proxy", "proxy-per-context", "websocket", "websocket-handshakes"),
    *("sse-before-hang", "h2-streams", "cache-lock-seconds", "cache-lock-post", "cache-lock-no-store"),
    *("cache-lock-fetch-no-store", "cache-lock-two-contexts", "speculative-connections"),
]


def test_every_limit_of_the_contract_is_measured():
    assert set(CONTRACT) <= set(MEASUREMENTS)
    assert all(id == one.id for id, one in MEASUREMENTS.items())
    assert all(one.consequence.endswith(".") for one in MEASUREMENTS.values())


def test_quick_leaves_some_out_and_only_takes_what_begins_so():
    assert len(chosen([], quick=True)) < len(chosen([], quick=False)) == len(MEASUREMENTS)
    locks = {one.id for one in chosen(["cache-lock"], quick=True)}
    assert locks == {id for id in MEASUREMENTS if id.startswith("cache-lock")}
    assert [one.id for one in chosen(["cache-lock-post", "per-host-two-ports"], quick=True)] == [
        "per-host-two-ports",
        "cache-lock-post",
    ]
    with pytest.raises(UnknownLimitError, match=r'no limit "cash"\. The choices are per-host'):
        chosen(["cash"], quick=False)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([6, 6, 6], (6, 6, 6)),
        ([303, 441, 316], (316, 303, 441)),
        ([None, None], (None, 20, None)),
        ([19, None], (None, 20, None)),
        ([6, 5, 6], (6, 6, 6)),
        ([6, 5, 6, 6], (6, 6, 6)),
        ([6, 5], (5, 5, 6)),
        ([6, 5, 5], (5, 5, 6)),
        ([6, 6, 7], (6, 6, 7)),
        ([6, 6, None], (None, 20, None)),
        ([], (None, None, None)),
    ],
)
def test_readings_of_one_limit_are_a_median_and_a_range(values, expected):
    limit = together(MEASUREMENTS["per-host"], [Reading(value, 20) for value in values], None)
    assert (limit.value, limit.low, limit.high) == expected
    assert limit.readings == tuple(values)


def test_what_is_drawn_stays_a_range():
    limit = together(MEASUREMENTS["pool"], [Reading(value, 560) for value in (303, 316, 316)], None)
    assert (limit.value, limit.low, limit.high) == (316, 303, 316)


def test_a_reading_that_is_left_out_is_said():
    limit = together(MEASUREMENTS["per-host"], [Reading(value, 20) for value in (6, 5, 6)], None)
    assert limit.note == "1 of 3 readings saw 5, too few: the machine was busy"


@pytest.mark.parametrize(
    ("ticks", "apart"),
    [
        ([0, 50, 1000, 2000, 3001, 4000, 5000, 6000], 1.0),
        ([0, 940, 1940, 2960, 3940, 4940, 5940, 6940], 1.0),
        ([step * 52 for step in range(130)], None),
        # One long pause of a busy machine.
        ([0, 50, 2400, *(2400 + step * 52 for step in range(80))], None),
    ],
)
def test_timers_are_held_back_if_most_of_the_time_is_between_late_ones(ticks, apart):
    assert timers.between(ticks).value == apart


def test_when_timers_are_held_back_is_said():
    assert (timers.between([0, 50, 1000, 2000, 3000, 4000]).note or "").startswith("at once")
    later = timers.between([*range(0, 2050, 50), 3000, 4000, 5000, 6000])
    assert (later.note or "").startswith("after 2 s")


ROWS = (
    Limit("per-host", 6, 6, 6, "connections", "6", "So many.", (6, 6, 6), "its own log says 6"),
    Limit("pool", 316, 303, 441, "connections", "256", "More wait.", (303, 441, 316)),
    Limit("websocket", None, 320, None, "sockets", "255", "An error.", (None,)),
    Limit("proxy", None, None, None, "connections", "32", "Whatever.", (), None, "The browser refused: no."),
)
BROWSER = BrowserFacts("Chromium", "156.0", "/usr/bin/chromium", True, ())
LIMITS = Limits(Environment("0.1.0", "3.11", "Linux", 2, 1, BROWSER), ROWS, "2026-11-21T12:00:00+00:00", 41.5)


def test_the_page_says_what_was_measured_and_what_follows():
    page = limits_page.render(LIMITS, width=60)
    assert "What Chromium 156.0 allows, measured in 42 s" in page
    rows = ("6  connections  6", "303-441  connections  256", "> 320  sockets      255", "?  connections  32")
    assert all(row in page for row in rows)
    assert "per-host: So many. (its own log says 6)" in page
    assert "proxy: The browser refused: no." in page
    assert max(map(len, page.splitlines())) <= 60


def test_the_json_is_the_contracts():
    told = json.loads(limits_json.render(LIMITS))
    assert told["schema"] == "browserconc/limits-1"
    assert told["environment"]["browser"]["name"] == "Chromium"
    first = told["limits"][0]
    assert {"id", "value", "low", "high", "unit", "published", "consequence", "error"} <= set(first)
    assert (first["id"], first["value"], first["error"]) == ("per-host", 6, None)
    assert told["limits"][2]["value"] is None


def test_what_tells_of_the_machine_is_not_among_the_switches():
    switches = ["--headless", "--user-data-dir=/x/y", "--spki=z"]
    about = {"name": "C", "version": "1", "path": "c", "switches": switches}
    limits = limit_survey.surveyed(ROWS, about, headed=False, began=0.0)
    assert limits.environment.browser is not None
    assert limits.environment.browser.switches == ("--headless",)


class Client:
    """Connections to one server; they stay open until the end."""

    def __init__(self, server: HoldingServer) -> None:
        self.server = server
        self.writers: list[asyncio.StreamWriter] = []

    async def asks(self, target: str, *headers: str) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        self.writers.append(writer)
        writer.write("\r\n".join([f"GET {target} HTTP/1.1", "Host: x", *headers, "", ""]).encode())
        return reader

    async def leave(self) -> None:
        for writer in self.writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self.writers), return_exceptions=True)


async def test_what_is_held_is_counted_until_it_is_released():
    async with HoldingServer() as server:
        client = Client(server)
        page = await client.asks("/page")
        assert (await page.readuntil(b"page</title>")).startswith(b"HTTP/1.1 200")
        held = [await client.asks(f"/hold?{index}") for index in range(3)]
        proxied = await client.asks("http://elsewhere.test/hold")
        assert await server.settled(4, 5) == 4
        server.answer_one()
        assert len(server.held) == 3
        server.release()
        for reader in (*held, proxied):
            assert b"held" in await reader.readuntil(b"held")
        assert (server.accepted, server.requests, len(server.held)) == (5, 5, 0)
        await client.leave()


async def test_websockets_are_accepted_and_other_paths_are_not():
    async with HoldingServer() as server:
        client = Client(server)
        socket = await client.asks(
            "/socket?at-once", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        )
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in await socket.readuntil(b"\r\n\r\n")  # RFC 6455, 1.3
        favicon = await client.asks("/favicon.ico")
        assert (await favicon.readuntil(b"\r\n")).startswith(b"HTTP/1.1 404")
        await client.leave()


class Silent:
    def trial_started(self, id: str, strategy: str, tabs: int, expected_s: float | None = None) -> None:
        """Says nothing."""

    def trial_ended(self, id: str, text: str) -> None:
        """Says nothing."""


async def test_who_is_interrupted_does_not_go_on_with_the_next_limit():
    """A signal to the group ends the browser too, so what is cancelled may end with the driver's word."""

    async def measure(_: Bench) -> Reading:
        try:
            await asyncio.Event().wait()
        finally:
            raise DriverError("Target page, context or browser has been closed")

    one = Measurement("per-host", "connections", "6", "Some.", measure)
    going = asyncio.create_task(
        limit_survey.read_limit(one, None, Silent(), quick=True)  # type: ignore[arg-type]
    )
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
