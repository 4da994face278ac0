"""What lives in a host's worker: it answers in sentences, lets work go when told, and ends when forgotten."""

from __future__ import annotations

import threading
import time

import pytest

from browserconc.lab import agent
from browserconc.lab.agent import AgentError, Host, Surroundings


class Recorder:
    """An agent that notes its end."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> dict[str, bytes]:
        self.closed.set()
        return {"netlog.json": b"{}"}

    def double(self, n: int) -> int:
        return 2 * n

    def refuse(self) -> None:
        raise AgentError("It will not.")


def begun(run: str) -> Recorder:
    made = Recorder()
    assert isinstance(agent.enter(run, lambda: made), Host)
    return made


def test_it_does_what_it_is_told_and_gives_its_files():
    made = begun("told")
    assert agent.tell("told", Recorder.double, 4) == 8
    assert agent.tell("told", Recorder.refuse) == "It will not."
    assert agent.leave("told") == {"netlog.json": b"{}"}
    assert made.closed.is_set()
    assert agent.leave("told") == {}
    assert "agent is gone" in str(agent.tell("told", Recorder.double, 4))


def test_one_that_cannot_begin_says_why():
    def refuse() -> Recorder:
        raise AgentError("There is no browser.")

    assert agent.enter("refused", refuse) == "There is no browser."
    assert agent.leave("refused") == {}


def test_one_that_nobody_asks_any_more_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(agent, "LEASE_S", 0.01)
    made = begun("forgotten")
    assert made.closed.wait(5)
    assert agent.leave("forgotten") == {}


def test_work_is_let_go_at_its_instant():
    here = Surroundings()
    try:

        async def work() -> tuple[int, int]:
            return await here.start(), time.monotonic_ns()

        assert here.arm(work())
        at_ns = time.monotonic_ns() + 5_000_000
        told, began = here.go(at_ns, 5)
        assert told == at_ns
        assert began >= at_ns
    finally:
        here.close()


def test_work_that_is_over_before_it_is_let_go_still_gives_its_answer():
    here = Surroundings()
    try:

        async def nothing() -> str:
            return "pressed"

        assert not here.arm(nothing())
        assert here.go(time.monotonic_ns(), 5) == "pressed"
    finally:
        here.close()
