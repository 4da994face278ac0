"""The live view, on a real pseudo-terminal and without one."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from browserconc.report.progress import TrialProgress

termios = pytest.importorskip("termios", reason="Windows has no pseudo-terminals of this kind")


def a_run(progress: TrialProgress) -> None:
    with progress:
        progress.message("one line that stays [red]\x1b[2J")
        progress.trial_started("1", "tabs", 10, 5.0)
        progress.update("1", 4, 1)
        progress.trial_ended("1", "10 of 10 done in 5.05 s")
        progress.update("never started", 1, 1)


def test_without_a_terminal_there_are_plain_lines() -> None:
    stream = io.StringIO()
    a_run(TrialProgress(stream=stream))
    assert stream.getvalue() == "one line that stays [red]\\x1b[2J\ntabs: 10 of 10 done in 5.05 s\n"


def test_quiet_is_silent() -> None:
    stream = io.StringIO()
    a_run(TrialProgress(quiet=True, stream=stream))
    assert stream.getvalue() == ""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TextIO, int]]:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        yield stream, ours
    os.close(ours)


def all_of(stream: TextIO, ours: int) -> str:
    """What the terminal was sent; its end comes as end of file or, on Linux, as EIO."""
    stream.close()
    shown = b""
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
    return shown.decode()


def test_on_a_terminal_it_shows_and_clears_up(terminal: tuple[TextIO, int]) -> None:
    stream, ours = terminal
    a_run(TrialProgress(stream=stream))
    shown = all_of(stream, ours)
    assert "one line that stays [red]\\x1b[2J" in shown
    assert "10 of 10 done in 5.05 s" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is back"
    assert shown.rindex("\x1b[2K") > shown.rindex("10 of 10 done"), "the view is gone"


def test_the_cursor_is_back_after_an_error(terminal: tuple[TextIO, int]) -> None:
    stream, ours = terminal

    def interrupted() -> None:
        with TrialProgress(stream=stream) as progress:
            progress.trial_started("1", "tabs", 10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    shown = all_of(stream, ours)
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_silence_of_quiet_holds_on_a_terminal(terminal: tuple[TextIO, int]) -> None:
    stream, ours = terminal
    a_run(TrialProgress(quiet=True, stream=stream))
    os.set_blocking(ours, False)
    with pytest.raises(BlockingIOError):
        os.read(ours, 1)
