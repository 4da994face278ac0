"""Who visits: the cookies, headers and saved state that every browser context is given.

All of it is secret. It is held in memory and handed to the browser and to the raw client, nowhere else.
"""

from __future__ import annotations

import asyncio
import inspect
import runpy
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from browserconc.lab.browser import BrowserContext, BrowserError, DriverError, Page, first_line
from browserconc.model.target import Target

LOGIN_TIMEOUT_S = 60.0


class VisitorError(Exception):
    """What identifies the visitor cannot be used: one sentence, what failed and what to do."""


class KnownVisitor:
    """The visitor that a Target describes; `issued` are cookies that the server has set meanwhile."""

    def __init__(self, target: Target) -> None:
        """Reads the file of the saved state.

        Raises:
            VisitorError: it cannot be read, or is none of Playwright's.
        """
        self.verify_tls = target.verify_tls
        self.secret_headers: Sequence[str] = [name for name, _ in target.headers]
        self._headers = dict(target.headers)
        self._state: dict[str, Any] = {"cookies": [], "origins": []}
        if target.storage_state is not None:
            self._state = _read(target.storage_state)
        parts = urlsplit(target.url)
        self._state["cookies"] = [
            *self._state["cookies"],
            *(
                {"name": name, "value": value, "url": f"{parts.scheme}://{parts.netloc}"}
                for name, value in target.cookies
            ),
        ]

    @property
    def brings_something(self) -> bool:
        """Has the visitor cookies, headers or storage?"""
        return bool(self._headers or self._state["cookies"] or self._state["origins"])

    async def enter(self, context: BrowserContext) -> None:
        """Gives a new context the cookies, the local storage and the headers."""
        try:
            if self._state["origins"] and hasattr(context, "set_storage_state"):
                own = [cookie for cookie in self._state["cookies"] if "url" not in cookie]
                state: Any = {**self._state, "cookies": own}
                await context.set_storage_state(state)
            if self._state["cookies"]:
                await context.add_cookies(self._state["cookies"])
            if self._headers:
                await context.set_extra_http_headers(self._headers)
        except DriverError as problem:
            raise BrowserError(
                f"The browser refuses the cookies, headers or storage state ({first_line(problem)}): "
                "check --cookie, --header and --storage-state."
            ) from problem

    async def log_in(self, page: Page, script: str) -> None:
        """Runs the `login(page)` of a script; from now on every context is given what it leaves behind.

        Raises:
            VisitorError: the script has no such function, or it fails.
        """
        login = _login(script)
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                await login(page)
                self._state = dict(await page.context.storage_state())
        except TimeoutError:
            raise VisitorError(f"{script} did not log in within {LOGIN_TIMEOUT_S:g} s.") from None
        except Exception as problem:  # it is the user's code
            reason = first_line(problem) or type(problem).__name__
            raise VisitorError(f"{script} did not log in: {reason}.") from problem


def _read(path: str) -> dict[str, Any]:
    try:
        state = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, list[dict[str, Any]]])
    except OSError as problem:
        raise VisitorError(f"{path} cannot be read ({problem.strerror}).") from problem
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise VisitorError(
            f"{path} is no storage state: save one with Playwright's context.storage_state(path=…)."
        ) from problem
    return {"cookies": state.get("cookies", []), "origins": state.get("origins", [])}


def _login(script: str) -> Callable[[Page], Awaitable[None]]:
    try:
        found = runpy.run_path(script).get("login")
    except OSError as problem:
        raise VisitorError(f"{script} cannot be read ({problem.strerror}).") from problem
    except Exception as problem:
        raise VisitorError(f"{script} failed: {first_line(problem) or type(problem).__name__}.") from problem
    if not inspect.iscoroutinefunction(found):
        raise VisitorError(f"{script} must define `async def login(page)`, page being Playwright's.")
    return found
