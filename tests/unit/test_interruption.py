"""The end of a measurement's event loop: what a library left running there ends too."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from browserconc.lab import interruption


@pytest.fixture(autouse=True)
def own_dispositions() -> Iterator[None]:
    """What a measurement makes of signals is not left to the tests after it."""
    before = [(number, signal.getsignal(number)) for number in interruption._ORDERS]
    yield
    for number, handler in before:
        signal.signal(number, handler)


def test_a_task_that_answers_a_cancellation_by_waiting_is_ended_before_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interruption, "INSISTENCE_S", 0.001)
    ended: list[bool] = []
    tasks: list[asyncio.Task[None]] = []

    async def call() -> None:
        """As a call to Playwright's driver: told to end, it tells the driver and waits for the reply."""
        reply = asyncio.get_running_loop().create_future()
        try:
            await reply
        except asyncio.CancelledError:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append(asyncio.get_running_loop().is_running())

    async def measure() -> str:
        tasks.append(asyncio.create_task(call()))
        await asyncio.sleep(0)
        return "measured"

    assert interruption.run(measure) == "measured"
    assert ended == [True]
    assert tasks[0].cancelled()
