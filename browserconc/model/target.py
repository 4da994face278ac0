"""What `diagnose` asks of a server it knows nothing about: one request, as the user would send it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """One request that is repeated through raw sockets and through a browser.

    `headers`, `cookies` (name, value) and `body` are secrets: they are sent, and neither printed,
    recorded nor logged, so they are no part of the representation. `storage_state` is the path of
    Playwright's file of cookies and local storage. `verify_tls` is False where a certificate that does
    not check is accepted. `wait_for` says when a page counts as loaded: "load", "networkidle",
    "request:GLOB", a CSS selector, or "rest": the load event and the answers to all that the page asked
    for on the way, but for event streams. `workload` is how a tab asks for it (`lab/workloads.py`); but for a
    navigation a page of its origin does, and the tab is done when that has its answer.
    """

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    cookies: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    storage_state: str | None = None
    verify_tls: bool = True
    wait_for: str = "rest"
    workload: str = "navigate"

    @property
    def is_navigated_to(self) -> bool:
        """Whether a tab goes there, rather than asking from a page of the origin."""
        return self.workload == "navigate" and self.method == "GET"


@dataclass(frozen=True, slots=True)
class Visit:
    """One strategy opening `tabs` tabs of one URL at once.

    `timeout_s` is from their release until the last counts as loaded.
    """

    id: str
    strategy: str
    url: str
    tabs: int
    timeout_s: float
