"""What is to be run: a Plan is a list of Trials, a Trial is one strategy against one server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrowserChoice:
    """Which browser to drive, and how.

    `name` is "chromium", "firefox", "webkit", a Playwright channel or the path of an executable.
    `switches` are given to it beside our own, and Playwright's unless `stock_switches`. Of a browser that
    others started, `connect` is the address of its Playwright server (ws://…), or `cdp` that of its
    debugging port (http://… or ws://…).
    """

    name: str = "chromium"
    headed: bool = False
    switches: tuple[str, ...] = ()
    connect: str | None = None
    cdp: str | None = None
    stock_switches: bool = False

    @property
    def is_remote(self) -> bool:
        """Whether others started it."""
        return self.connect is not None or self.cdp is not None


@dataclass(frozen=True, slots=True)
class Trial:
    """One strategy putting `tabs` requests in flight at once against one server.

    `server` is a name of the contract such as "gunicorn-sync:4". `delay_s` is how long the endpoint
    works on each request, `work` how: "sleep", "compute" (CPU time) or "block" (sleeps in a coroutine
    and stops an event loop by it). `workload` is how a tab asks for it ("navigate", "fetch",
    "sse" …). `timeout_s` bounds the measurement, not its preparation.

    Of the user's own there may be an application, `app` ("module:attribute"), that this server runs, or
    another server, `command`, with "{port}" in it. Then `path` is asked for, and `delay_s` is None where
    nobody said how long that takes. `backlog` is how many connections may wait to be accepted, None for
    as many as the system allows. `browser` is the name of the plan's browser that it drives, None where
    it needs none.
    """

    id: str
    strategy: str
    server: str
    tabs: int
    delay_s: float | None
    repeat: int
    timeout_s: float
    work: str = "sleep"
    workload: str = "navigate"
    app: str | None = None
    command: str | None = None
    path: str | None = None
    backlog: int | None = None
    browser: str | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """The hosts that share a trial: "local:N" starts N workers here, else a Dask scheduler's address.

    `listen` is the address at which the server is reached from the hosts. The three files are Dask's
    for tls:// schedulers: the authority, our certificate and its key.
    """

    address: str
    listen: str = "127.0.0.1"
    tls_ca_file: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the workers are processes that we start on this machine."""
        return self.address.startswith("local:")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one command is going to run, in this order.

    `evidence` names what the browsers are asked for ("netlog", "trace", "cdp"); the server's
    ledger and the client's log are always kept.
    """

    trials: tuple[Trial, ...]
    browsers: tuple[BrowserChoice, ...]
    evidence: tuple[str, ...]
    profile: str | None = None
    cluster: Cluster | None = None
