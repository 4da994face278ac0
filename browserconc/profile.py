"""Run profiles (TOML) and command-line options to a Plan.

Here is where they come from and what fits together; what each key may hold is known by
`profile_values.py`. Whatever passes is known to the lab. A refusal is a `UsageError`: one sentence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from browserconc.lab import servers, workloads
from browserconc.lab.strategies import STRATEGIES
from browserconc.lab.workloads import WORKLOADS
from browserconc.model.plan import BrowserChoice, Plan, Trial
from browserconc.profile_values import DEFAULT_STRATEGIES, RAW, UsageError, is_path, read, unknown

__all__ = ["Profile", "UsageError", "load", "names", "plan"]

H2_SERVER = "hypercorn-h2"
"""The one of our servers that speaks HTTP/2; with the browser's HTTP/2 off it speaks HTTP/1.1 over TLS."""

DEFAULT_DELAY_S = 0.5
UNKNOWN_DELAY_S = 10.0
"""Allowed for each request of which nobody said how long it takes."""
MAX_TABS = 1_000
MAX_CLIENTS = 10_000


@dataclass(frozen=True, slots=True)
class Profile:
    """A checked run profile; the defaults are those of `compare`.

    `delay` and `timeout` are seconds; None of a `delay` is 0.5, or unknown for an address of the user's,
    and a `timeout` of None is derived from tabs and delay. `app`, `server_cmd`, `path` and `backlog` are
    as in `model.plan.Trial`.
    """

    name: str | None = None
    description: str = ""
    tabs: int = 10
    delay: float | None = None
    servers: tuple[str, ...] = ("werkzeug-threaded",)
    strategies: tuple[str, ...] = DEFAULT_STRATEGIES
    repeat: int = 1
    timeout: float | None = None
    browser: tuple[str, ...] = ("chromium",)
    headed: bool = False
    stock_switches: bool = False
    evidence: tuple[str, ...] = ("netlog",)
    switches: tuple[str, ...] = ()
    connect: str | None = None
    cdp: str | None = None
    work: str = "sleep"
    workload: str = "navigate"
    http: str | None = None
    app: str | None = None
    server_cmd: str | None = None
    path: str | None = None
    backlog: int | None = None

    @property
    def delay_s(self) -> float | None:
        """How long one request takes, as far as is known: not of the user's own address, unless said."""
        if self.delay is not None:
            return self.delay
        return None if self.app or self.server_cmd else DEFAULT_DELAY_S


def names() -> list[tuple[str, str]]:
    """The shipped profiles with their one-line descriptions, in alphabetical order."""
    return [(name, load(name).description) for name in sorted(_shipped())]


def load(name_or_path: str | Path) -> Profile:
    """Reads a shipped profile by its name, or any TOML file by its path.

    Raises:
        UsageError: no such profile, unreadable, not TOML, or it holds what nobody knows.
    """
    text = str(name_or_path)
    shipped = _shipped()
    if text in shipped:
        return _parse(shipped[text].read_bytes(), name=text)
    path = Path(name_or_path)
    if path.suffix != ".toml" and not is_path(text):
        raise unknown("profile", text, sorted(shipped), "; a file of your own ends in .toml")
    try:
        return _parse(path.read_bytes(), name=path.stem, origin=str(path))
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the name
        reason = getattr(problem, "strerror", None) or problem
        raise UsageError(f"The profile {text!r} cannot be read ({reason}).") from problem


def plan(profile: Profile | None = None, **overrides: object) -> Plan:
    """Turns a profile and the options given beside it into what will be run, in this order.

    Args:
        profile: what `load` returned; None for the defaults of `compare`.
        overrides: keys of a profile; they win over it, and None means "not given".

    Raises:
        UsageError: an unknown key or name, or a value out of range.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    chosen = _settle(profile or Profile(), given)
    chosen = _speaking(chosen, server_given=bool({"server", "servers"} & given.keys()))
    trials = tuple(
        Trial(
            id=_trial_id(chosen, strategy, server, repeat, browser),
            strategy=strategy,
            server=server,
            tabs=chosen.tabs,
            delay_s=chosen.delay_s,
            repeat=repeat,
            timeout_s=chosen.timeout or chosen.tabs * _longest_s(chosen) + WORKLOADS[chosen.workload].slack_s,
            work=chosen.work,
            workload=chosen.workload,
            app=chosen.app,
            command=chosen.server_cmd,
            path=chosen.path or ("/" if chosen.app or chosen.server_cmd else None),
            backlog=chosen.backlog,
            browser=browser if STRATEGIES[strategy].open else None,
        )
        for browser in chosen.browser
        for server in chosen.servers
        for repeat in range(1, chosen.repeat + 1)
        for strategy in chosen.strategies
        if STRATEGIES[strategy].open or browser == chosen.browser[0]
    )
    browsers = tuple(
        BrowserChoice(name, chosen.headed, chosen.switches, chosen.connect, chosen.cdp, chosen.stock_switches)
        for name in chosen.browser
    )
    evidence = chosen.evidence
    if browsers[0].is_remote:  # it writes no file for us, but tells the same over CDP
        evidence = tuple(dict.fromkeys("trace" if name == "netlog" else name for name in evidence))
    return Plan(trials, browsers, evidence, chosen.name)


def one_browser(
    name: str | None,
    *,
    headed: bool = False,
    connect: str | None = None,
    cdp: str | None = None,
    stock_switches: bool = False,
    http: str | None = None,
) -> BrowserChoice:
    """The browser of a command that drives one; the arguments are keys of a profile.

    Raises:
        UsageError: an unknown name, or more than one.
    """
    chosen = plan(
        browser=name, headed=headed, connect=connect, cdp=cdp, stock_switches=stock_switches, http=http
    ).browsers
    if len(chosen) > 1:
        raise UsageError("Only one browser can be named here; `browserconc compare` takes several.")
    return chosen[0]


def asked_for(url: str, workload: str | None) -> tuple[str, str]:
    """The address of a page of the URL's origin, and the workload: WebSockets for ws:// if none is named.

    Raises:
        UsageError: no such workload.
    """
    address, asked = workloads.asked_for(url, workload)
    read("workload", asked)
    return address, asked


def _longest_s(profile: Profile) -> float:
    return UNKNOWN_DELAY_S if profile.delay_s is None else profile.delay_s


def _trial_id(profile: Profile, strategy: str, server: str, repeat: int, browser: str) -> str:
    """A file name: the strategy alone where that is unique."""
    words = [strategy]
    if len(profile.browser) > 1 and STRATEGIES[strategy].open:
        # Two paths may end alike, so they are numbered.
        number = f"{profile.browser.index(browser) + 1}-" if is_path(browser) else ""
        words.append(f"{number}{Path(browser).name}")
    if len(profile.servers) > 1 or profile.repeat > 1:
        words += [server.replace(":", "-"), str(repeat)]
    return ".".join(words)


def _shipped() -> dict[str, Traversable]:
    """The profiles that come with the package, by name.

    Installed they lie inside the package; in a checkout (an editable install) beside it.
    """
    package = resources.files("browserconc")
    folder = package / "profiles"
    if not folder.is_dir():
        folder = Path(__file__).resolve().parent.parent / "profiles"
    if not folder.is_dir():
        return {}
    return {file.name.removesuffix(".toml"): file for file in folder.iterdir() if file.name.endswith(".toml")}


def _parse(content: bytes, name: str, origin: str | None = None) -> Profile:
    where = f"The profile {origin or name}"
    try:
        values = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as problem:  # not UTF-8, not TOML, or absurdly long or deep
        raise UsageError(f"{where} is not TOML: {problem}.") from problem
    try:
        return _settle(Profile(name=name), values)
    except UsageError as problem:
        raise UsageError(f"{where} is refused: {problem}") from problem


def _settle(profile: Profile, values: Mapping[str, object]) -> Profile:
    """The profile with those values in place of its own, each read and checked."""
    if "server" in values and "servers" in values:
        raise UsageError('"server" and "servers" are one setting; give only one of them.')
    changes: dict[str, Any] = {}
    for key, value in values.items():
        changes["servers" if key == "server" else key] = read(key, value)
    settled = replace(profile, **changes)
    # Only sockets without a browser behind them come by the thousand.
    most = MAX_CLIENTS if set(settled.strategies) == {RAW} else MAX_TABS
    if not 1 <= settled.tabs <= most:
        advice = f"; {RAW} alone takes up to {MAX_CLIENTS}" if settled.tabs > most == MAX_TABS else ""
        raise UsageError(f"tabs must be 1 to {most}, not {settled.tabs}{advice}.")
    if settled.connect and settled.cdp:
        raise UsageError("connect and cdp are two ways to one browser; give only one of them.")
    if len(settled.browser) > 1 and (settled.connect or settled.cdp):
        raise UsageError("Only one browser can be named beside --connect or --cdp.")
    if settled.cdp and settled.browser[0] in ("firefox", "webkit"):
        raise UsageError(f"CDP is Chromium's protocol: {settled.browser[0]} has no --cdp address.")
    return _with_users_own(settled, values)


def _with_users_own(settled: Profile, values: Mapping[str, object]) -> Profile:
    """Checks what the user brings along: an application, a server, an address of theirs."""
    if settled.server_cmd is not None:
        for other in ("app", "server", "servers", "backlog"):
            if values.get(other) is not None:
                raise UsageError(f'"server_cmd" and "{other}" exclude each other: the command is the server.')
        try:
            return replace(settled, servers=(servers.chosen("", command=settled.server_cmd).spec,))
        except ValueError as problem:
            raise UsageError(str(problem)) from problem
    if settled.app is None and settled.path is not None:
        raise UsageError('"path" goes with "app" or "server_cmd"; our endpoint goes by delay and work.')
    for spec in settled.servers if settled.app is not None else ():
        try:
            servers.chosen(spec, app=settled.app)
        except ValueError as problem:
            raise UsageError(str(problem)) from problem
    return settled


def _speaking(profile: Profile, *, server_given: bool) -> Profile:
    """The profile with what its version of HTTP asks for: a server that speaks it, a browser that may.

    Raises:
        UsageError: a server does not speak it, or takes no WebSockets where those are wanted.
    """
    if profile.http == "2":
        if not server_given and profile.servers == Profile().servers:
            return replace(profile, servers=(H2_SERVER,))
        if others := [spec for spec in profile.servers if spec.split(":")[0] != H2_SERVER]:
            raise UsageError(f"http 2 needs the server {H2_SERVER}; {others[0]} does not speak it.")
    if profile.workload == "websocket" and not (profile.app or profile.server_cmd):
        able = [name for name, kind in servers.TABLE.items() if kind.websockets]
        for spec in profile.servers:
            if not (kind := servers.parse(spec).kind).websockets:
                raise UsageError(
                    f"The server {kind.name} takes no WebSockets here. Choose one of {', '.join(able)}."
                )
    if profile.http == "1.1":
        return replace(profile, switches=(*profile.switches, "--disable-http2"))
    return profile
