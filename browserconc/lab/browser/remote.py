"""Reaches browsers that others started: a running Chrome by CDP, or those of a Playwright server.

They get neither switches nor a NetLog file from us, and what they use cannot be counted. The network
stack's events can be asked for over CDP instead (`--evidence trace`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from browserconc.lab.browser.driver import (
    Browser,
    BrowserContext,
    BrowserError,
    DriverError,
    Playwright,
    first_line,
    quietly,
)
from browserconc.lab.browser.launching import LAUNCH_TIMEOUT_S
from browserconc.lab.certificate import TRUST_SWITCH
from browserconc.model.plan import BrowserChoice

_UNCOUNTED = "The browser was started by somebody else: its memory, CPU time and switches are not known."
_OFF_THE_RECORD = (
    "A Playwright server opens no user-data-dir, so the everyday tabs share one off-the-record context."
)


class CdpBrowser:
    """A Chrome or Chromium that runs already, at the address of its debugging port.

    Its own tabs are left alone; ours are opened beside them and closed again.
    """

    doubts: tuple[str, ...] = (
        _UNCOUNTED,
        "The browser's other tabs were open too and share its cache and connections.",
    )
    speaks_cdp = True
    is_ours = False
    accepts_any_certificate = False

    def __init__(self, playwright: Playwright, address: str) -> None:
        self._playwright = playwright
        self._address = address

    async def everyday(self, *, ignore_https_errors: bool = False) -> tuple[BrowserContext, Path | None]:
        """The user-data-dir that this browser runs with."""
        _on_this_machine(self._address)
        browser = await self.connected()
        if not browser.contexts:
            await quietly(browser.close())
            raise BrowserError(f"The browser at {bare(self._address)} has no user-data-dir to open tabs in.")
        return browser.contexts[0], None

    async def connected(self) -> Browser:
        """The browser; closing it disconnects from it, which closes the contexts that were opened in it.

        Raises:
            BrowserError: nobody answers there.
        """
        try:
            return await self._playwright.chromium.connect_over_cdp(
                self._address, timeout=LAUNCH_TIMEOUT_S * 1000
            )
        except DriverError as problem:
            raise BrowserError(
                f"No browser answers at {bare(self._address)} ({_reason(problem)[:120]}): "
                "start one with --remote-debugging-port=9222 and give its address to --cdp."
            ) from problem

    async def leave(self, everyday: BrowserContext) -> None:
        """Disconnects; the browser goes on."""
        if everyday.browser:
            await quietly(everyday.browser.close())

    async def user_data_dir(
        self, *, cache: bool = True, ignore_https_errors: bool = False
    ) -> tuple[BrowserContext, Path | None]:
        """There is only the one that it runs with."""
        raise BrowserError("A running browser has one user-data-dir: leave user-data-dirs out with --cdp.")

    async def browser(self) -> tuple[Browser, Path | None]:
        """There is only the one that runs."""
        raise BrowserError("A running browser is one browser: leave browsers out with --cdp.")

    def finish(self, secret_headers: Collection[str] = ()) -> None:
        """There are no logs."""


class ServedBrowser:
    """Browsers that a Playwright server starts, one for each connection (`playwright run-server`)."""

    doubts: tuple[str, ...] = (_UNCOUNTED, _OFF_THE_RECORD)
    is_ours = False

    def __init__(self, playwright: Playwright, address: str, choice: BrowserChoice) -> None:
        engines = {"firefox": playwright.firefox, "webkit": playwright.webkit}
        self._engine = engines.get(choice.name, playwright.chromium)
        self._address = address
        self.speaks_cdp = choice.name not in engines
        self.accepts_any_certificate = any(s.startswith(TRUST_SWITCH) for s in choice.switches)

    async def everyday(self, *, ignore_https_errors: bool = False) -> tuple[BrowserContext, Path | None]:
        """One context of one browser."""
        browser, _ = await self.browser()
        return await browser.new_context(ignore_https_errors=ignore_https_errors), None

    async def leave(self, everyday: BrowserContext) -> None:
        """Closes the browser, which the server started for us."""
        if everyday.browser:
            await quietly(everyday.browser.close())

    async def user_data_dir(
        self, *, cache: bool = True, ignore_https_errors: bool = False
    ) -> tuple[BrowserContext, Path | None]:
        """A server opens none."""
        if not cache:
            raise BrowserError("Only Chromium's cache can be disabled over a Playwright server.")
        raise BrowserError(
            "A Playwright server opens no user-data-dir: leave user-data-dirs out with --connect."
        )

    async def browser(self) -> tuple[Browser, Path | None]:
        """One more browser of the server."""
        _on_this_machine(self._address)
        return await self.connected(), None

    async def connected(self) -> Browser:
        """One more connection, which `playwright run-server` answers with one more browser.

        Raises:
            BrowserError: the server gives none.
        """
        try:
            return await self._engine.connect(self._address, timeout=LAUNCH_TIMEOUT_S * 1000)
        except DriverError as problem:
            raise BrowserError(
                f"The Playwright server at {bare(self._address)} gives no browser "
                f"({_reason(problem)[:160]}): `playwright run-server` starts one, in the "
                "version of ours."
            ) from problem

    def finish(self, secret_headers: Collection[str] = ()) -> None:
        """There are no logs."""


def address(choice: BrowserChoice) -> str:
    """Where a browser is that others started."""
    found = choice.cdp or choice.connect
    assert found, "this one is ours"
    return found


def bare(address: str) -> str:
    """Without user, path and query: whoever knows those may use the browser."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def is_on_this_machine(address: str) -> bool:
    """Whether an address is one of loopback; behind it there may be a tunnel, which nobody can see."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(problem: DriverError) -> str:
    return re.sub(r"\b(?:ws|http)s?://[^\s\"']+", lambda found: bare(found[0]), first_line(problem))


def _on_this_machine(address: str) -> None:
    """A browser elsewhere would look for the gate and for our endpoint on its own loopback."""
    if not is_on_this_machine(address):
        raise BrowserError(
            f"The browser at {urlsplit(address).hostname} cannot reach this machine's loopback address, "
            "where the endpoint and the gate are: run browserconc beside the browser."
        )
