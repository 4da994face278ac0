"""A display for browsers with windows, where the machine has none: Xvfb, in memory.

Its number is chosen by Xvfb itself and told on a pipe, so two runs never meet.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

from browserconc.lab.installed_browsers import BrowserError
from browserconc.lab.process import Household

START_TIMEOUT_S = 10.0
SCREEN = "1280x800x24"
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def is_missing() -> bool:
    """Whether this is a system on which windows need a display, and there is none."""
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in _DISPLAYS)


def program() -> Path | None:
    """Xvfb, where it is installed."""
    found = shutil.which("Xvfb")
    return Path(found) if found else None


async def environment(household: Household) -> dict[str, str]:
    """What browsers must find in their environment: nothing, or the display that was started for them.

    Raises:
        BrowserError: there is no display, and none can be started.
    """
    if not is_missing():
        return {}
    xvfb = program()
    if xvfb is None:
        raise BrowserError(
            "There is no display for --headed: install Xvfb (apt-get install xvfb), or leave --headed out."
        )
    reading, writing = os.pipe()
    try:
        household.spawn(
            [str(xvfb), "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"],
            log=household.folder("display") / "xvfb.log",
            pass_fds=(writing,),
        )
        os.close(writing)
        writing = -1
        async with asyncio.timeout(START_TIMEOUT_S):
            number = (await asyncio.to_thread(_line, reading)).strip()
    except TimeoutError:
        number = ""
    finally:
        if writing >= 0:
            os.close(writing)
        os.close(reading)
    if not number.isdigit():
        raise BrowserError("Xvfb did not start, so there is no display for --headed: leave it out.")
    return {"DISPLAY": f":{number}"}


def _line(descriptor: int) -> str:
    """What is written until the first newline; it ends early if the writer does."""
    text = b""
    while not text.endswith(b"\n") and (more := os.read(descriptor, 64)):
        text += more
    return text.decode("ascii", "replace")
