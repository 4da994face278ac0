"""What is to be run: a Plan is a list of Trials, a Trial is one strategy against one server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrowserChoice:
    """Which browser to drive, and how.

    `name` is "chromium", "firefox", a Playwright channel or the path of an executable. `switches`
    are given to it beside our own.
    """

    name: str = "chromium"
    headed: bool = False
    switches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """One strategy putting `tabs` requests in flight at once against one server.

    `server` is a name of the contract such as "gunicorn-sync:4". `delay_s` is how long the endpoint
    works on each request, `work` how: "sleep", "compute" (CPU time) or "block" (sleeps in a coroutine
    and stops an event loop by it). `workload` is how a tab asks for it ("navigate", "fetch",
    "sse" …). `timeout_s` bounds the measurement, not its preparation.
    """

    id: str
    strategy: str
    server: str
    tabs: int
    delay_s: float
    repeat: int
    timeout_s: float
    work: str = "sleep"
    workload: str = "navigate"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one command is going to run, in this order.

    `evidence` names what the browsers are asked for ("netlog", "trace", "cdp"); the server's
    ledger and the client's log are always kept.
    """

    trials: tuple[Trial, ...]
    browser: BrowserChoice
    evidence: tuple[str, ...]
    profile: str | None = None
