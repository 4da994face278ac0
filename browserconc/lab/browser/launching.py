"""What every way to start browsers has in common.

One file per browser says how it is started and what it is asked to log: `chromium.py`, `firefox.py`,
`webkit.py`; `choosing.py` holds their table.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

from browserconc.lab.browser.driver import Browser, BrowserContext, BrowserError, DriverError, first_line
from browserconc.model.plan import BrowserChoice

LAUNCH_TIMEOUT_S = 30.0


class Launcher(Protocol):
    """Starts processes of one browser, each with a log of its own where logs are kept.

    `doubts` are sentences about what cannot be seen of this browser. `speaks_cdp` tells whether its
    pages answer CDP, `is_ours` whether it runs on this machine because of us, and
    `accepts_any_certificate` whether its contexts have to, because it cannot be told of a single key.
    The methods raise `BrowserError` where the browser does not start.
    """

    doubts: tuple[str, ...]
    speaks_cdp: bool
    is_ours: bool
    accepts_any_certificate: bool

    async def everyday(self, *, ignore_https_errors: bool = False) -> tuple[BrowserContext, Path | None]:
        """The context that most strategies share, as an everyday browser has it, and the browser's log."""

    async def leave(self, everyday: BrowserContext) -> None:
        """Ends what `everyday` began."""

    async def user_data_dir(
        self, *, cache: bool = True, ignore_https_errors: bool = False
    ) -> tuple[BrowserContext, Path | None]:
        """The default context of a browser with a user-data-dir of its own, and its log.

        `cache=False` starts it with its HTTP cache off.
        """

    async def browser(self) -> tuple[Browser, Path | None]:
        """A browser without a user-data-dir that is kept, and its log."""

    def finish(self, secret_headers: Collection[str] = ()) -> None:
        """Makes the logs fit to be kept, once all browsers are closed: complete and without secrets.

        `secret_headers` names headers that are secrets beside those that everybody knows.
        """


def options(choice: BrowserChoice, executable: Path) -> dict[str, Any]:
    """What is told to Playwright whichever browser it starts."""
    return {
        "executable_path": executable,
        "headless": not choice.headed,
        "timeout": LAUNCH_TIMEOUT_S * 1000,
        "handle_sigint": False,  # Ctrl-C is ours: the browsers are closed, and their logs with them
    }


def launch_error(problem: DriverError, executable: Path) -> BrowserError:
    """Why a browser did not start, by its own last words."""
    lines = [re.sub(r"^\s*-?\s*(\[[^\]]*\]\s*)*", "", line) for line in str(problem).splitlines()]
    told = [line for line in lines if line and "launch" not in line and "/sys/devices" not in line]
    # What the program itself said comes after Playwright's own lines; its fatal words, if any, count.
    said = next((x for word in ("FATAL", "rror") for x in told if word in x), first_line(problem))
    return BrowserError(
        f"The browser {executable} did not start ({said[:200].rstrip('.')}): "
        "run `browserconc doctor` to see what is missing."
    )
