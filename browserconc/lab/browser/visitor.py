"""For whom pages are opened: somebody who has cookies, headers and storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from browserconc.lab.browser.driver import BrowserContext


class Visitor(Protocol):
    """Somebody with cookies and headers, for whom every context is prepared that is opened.

    `verify_tls` is False where certificates that do not check are accepted; `secret_headers` names the
    headers that no log may keep; `brings_something` tells whether there is anything to give.
    """

    verify_tls: bool
    secret_headers: Sequence[str]

    @property
    def brings_something(self) -> bool:
        """Has the visitor cookies, headers or storage?"""

    async def enter(self, context: BrowserContext) -> None:
        """Gives a new context what the visitor has."""
