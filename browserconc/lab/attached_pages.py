"""The Network domain of every tab of a running browser, those opened later included.

To attach opens, routes, focuses and closes nothing, and no page waits for us; but the browser then
reports every request of the tabs, which costs it time. So it is done only where somebody looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Protocol

from browserconc.lab.cdp_connection import Connection, ProtocolError, TargetSession

_ANSWER_S = 5.0
_FOLLOWED_S = 1.0
"""Until then the tabs there are should have answered; one that hangs is not waited for."""
_KINDS = ("page", "iframe")  # a frame of another site is a target of its own
_KEEP_NO_BODIES = {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}


class Follower(Protocol):
    """Whoever listens to one page after another, such as `evidence.cdp.Capture`."""

    async def watch(self, session: Any, page: int) -> None:
        """Listens to one page from now on."""


class AttachedPages:
    """All tabs, each handed to the followers under a number of its own.

    `lost` names those who must hear of the end of a page.
    """

    def __init__(self, browser: Connection, followers: Sequence[Follower], lost: Sequence[Any] = ()) -> None:
        self._browser = browser
        self._followers = followers
        self._lost = lost
        self._numbers = count()
        self._sessions: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Attaches to the tabs there are, so that what they do next is reported, and to all that come.

        Raises:
            ProtocolError: the browser refuses.
            TimeoutError: it does not answer.
        """
        self._browser.on("Target.attachedToTarget", self._attached)
        self._browser.on("Target.detachedFromTarget", self._detached)
        asked = {
            "autoAttach": True,
            "waitForDebuggerOnStart": False,
            "flatten": True,
            "filter": [*({"type": kind} for kind in _KINDS), {"exclude": True}],
        }
        await asyncio.wait_for(self._browser.send("Target.setAutoAttach", asked), _ANSWER_S)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_FOLLOWED_S)

    async def end(self) -> None:
        """Lets go of all tabs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        let_go = {"autoAttach": False, "waitForDebuggerOnStart": False, "flatten": True}
        with suppress(ProtocolError, TimeoutError):
            await asyncio.wait_for(self._browser.send("Target.setAutoAttach", let_go), _ANSWER_S)

    def _attached(self, event: Mapping[str, Any]) -> None:
        if event["targetInfo"].get("type") not in _KINDS or event["sessionId"] in self._sessions:
            return
        session = TargetSession(self._browser, event["sessionId"])
        number = self._sessions[session.id] = next(self._numbers)
        task = asyncio.create_task(self._follow(session, number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, session: TargetSession, number: int) -> None:
        session.on("Target.attachedToTarget", self._attached)
        nested = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": True}
        with suppress(ProtocolError, TimeoutError):  # a tab that is gone again already
            async with asyncio.timeout(_ANSWER_S):
                for follower in self._followers:
                    await follower.watch(session, number)
                await session.send("Network.enable", _KEEP_NO_BODIES)
                await session.send("Target.setAutoAttach", nested)

    def _detached(self, event: Mapping[str, Any]) -> None:
        number = self._sessions.pop(event["sessionId"], None)
        self._browser.forget(event["sessionId"])
        if number is not None:
            for follower in self._lost:
                follower.forget(number)
