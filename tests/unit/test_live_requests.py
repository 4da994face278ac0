"""What requests in flight wait for, by the events of the Network domain in the order browsers send them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

from browserconc.evidence.live_requests import LiveRequests, Now
from browserconc.report.watch_view import WatchView, in_flight

HOST = "http://127.0.0.1:5000"


class Page:
    """A CDP session that says what it is told to."""

    def __init__(self) -> None:
        self.listeners: dict[str, Callable[..., Any]] = {}

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        raise AssertionError(f"{method} was sent")

    def on(self, event: str, f: Callable[..., Any]) -> None:
        self.listeners[event] = f

    def ask(self, number: int, url: str) -> None:
        self._say("requestWillBeSent", number, request={"url": url, "method": "GET"}, timestamp=1.0)

    def send_out(self, number: int) -> None:
        self._say("requestWillBeSentExtraInfo", number, headers={"Cookie": "secret"})

    def answer(self, number: int) -> None:
        self._say("responseReceived", number, response={})

    def finish(self, number: int) -> None:
        self._say("loadingFinished", number)

    def _say(self, event: str, number: int, **more: Any) -> None:
        self.listeners[f"Network.{event}"]({"requestId": str(number), **more})


def followed(*pages: Page, clock: Callable[[], int] = lambda: 0) -> LiveRequests:
    live = LiveRequests(clock)
    for number, page in enumerate(pages):
        asyncio.run(live.watch(page, number))
    return live


def states(now: Now) -> list[str]:
    return [request.state for request in now.requests]


def test_a_request_goes_through_its_states_and_is_gone():
    page = Page()
    live = followed(page)
    page.ask(1, f"{HOST}/a")
    assert states(live.look()) == ["browser"]
    page.send_out(1)
    assert states(live.look()) == ["server"]
    page.answer(1)
    assert states(live.look()) == ["receiving"]
    page.finish(1)
    assert states(live.look()) == []


def test_what_is_held_back_names_what_goes_on_at_the_same_time():
    first, second = Page(), Page()
    live = followed(first, second)
    first.ask(1, f"{HOST}/same")
    first.send_out(1)
    second.ask(1, f"{HOST}/same")
    second.ask(2, f"{HOST}/other")
    second.ask(3, "http://elsewhere.test/")
    assert states(live.look()) == ["server", "same-url", "same-host", "browser"]


def test_the_order_of_the_two_events_of_a_request_is_not_promised():
    page = Page()
    live = followed(page)
    page.send_out(1)
    page.ask(1, f"{HOST}/a")
    assert states(live.look()) == ["server"]


def test_a_tab_that_is_closed_waits_for_nothing():
    first, second = Page(), Page()
    live = followed(first, second)
    first.ask(1, f"{HOST}/a")
    second.ask(1, f"{HOST}/b")
    live.forget(0)
    assert [request.url for request in live.look().requests] == [f"{HOST}/b"]


def test_secrets_are_masked_and_what_is_no_request_is_left_out():
    page = Page()
    live = followed(page)
    page.ask(1, f"{HOST}/a?token=Xyzzy")
    page.ask(2, "data:text/html,Xyzzy")
    assert "Xyzzy" not in repr(live.look())
    assert len(live.look().requests) == 1


def test_the_view_is_narrow_counts_and_is_cut():
    page = Page()
    live = followed(page, clock=lambda: 2_000_000_000)
    for number in range(20):
        page.ask(number, f"{HOST}/{'long/' * 30}{number}")
    page.send_out(0)
    lines = [line.plain for line in in_flight(live.look(), 3_500_000_000, 80)]
    assert lines[0].split(":")[0].strip() == "20 in flight"
    assert "1 with the server, 19 behind the same host" in lines[0]
    assert all(len(line) < 80 for line in lines)
    assert lines[1].split()[:2] == ["1.5", "s"]
    assert lines[-1] == "  and 12 more"


def test_without_a_terminal_one_line_is_said_once():
    stream = io.StringIO()
    with WatchView(stream=stream) as view:
        assert not view.live
        view.show(1, 30.0, None)
        view.show(2, 29.5, None)
    assert stream.getvalue() == "Watching 1 tab, 30 s left.\n"


def test_quiet_says_nothing():
    stream = io.StringIO()
    with WatchView(quiet=True, stream=stream) as view:
        view.show(1, 30.0, None)
    assert stream.getvalue() == ""
