"""Carries out experiments on a server that is not ours, by raw sockets, and keeps what was seen.

What is tried next is decided by the `plan` that is given; nothing is concluded here. Cookies and bodies
stay in memory. What lands in the folder (`evidence/outside.py`) has neither, nor the URL.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil

from browserconc.evidence import client
from browserconc.evidence import outside as outside_log
from browserconc.evidence.client import ClientLine
from browserconc.evidence.kernel import listen_overflows
from browserconc.lab.http_answer import Jar
from browserconc.lab.http_request import Origin, RequestError, origin
from browserconc.lab.listener import Listener
from browserconc.lab.machine_load import Reading
from browserconc.lab.process import Household
from browserconc.lab.strategies import raw_socket
from browserconc.lab.strategies.raw_socket import RawClientError
from browserconc.model.outside import Answer, Experiment, Look, OutsideView, Round
from browserconc.model.target import Target

PARAMETER = "browserconc"
"""The query parameter that makes a URL another one; only where an experiment asks for it."""
FIRST_LOOK_S, LOOK_PERIOD_S, MOST_LOOKS = 0.05, 0.1, 20
"""A look costs a millisecond: at most a hundredth of a core."""
SILENT_CONNECT_S = 3.0
SETTLING_S = 0.15
"""So long a server has to accept the silent connections."""

Plan = Callable[[OutsideView], Experiment | None]
Tell = Callable[[str], None]


async def examine(
    target: Target,
    household: Household,
    folder: Path,
    *,
    clients: int,
    deadline_s: float,
    tell: Tell,
    plan: Plan,
    most_clients: int | None = None,
) -> OutsideView:
    """Asks the server behind `target` what `plan` wants to know, until it wants no more.

    Args:
        target: one request; it is repeated as it is, but for what an experiment changes.
        household: starts the raw-socket client and ends it.
        folder: where `outside.json` is written after every experiment; made if missing.
        clients: how many requests at once the question is about.
        deadline_s: no experiment goes on for longer than this after the call.
        tell: is told in a few words what is tried.
        plan: says what to try next from what was seen so far; see `analysis/outside_plan.py`.
        most_clients: never more requests at once; None for no such bound.

    Raises:
        RawClientError: the target cannot be asked at all, or the client failed.
        ProcessError: the client could not be started.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        place = origin(target.url)
    except RequestError as problem:
        raise RawClientError(str(problem)) from None
    listener = await asyncio.to_thread(_listener, place)
    local = await asyncio.to_thread(listener.at_rest) if listener else None
    examination = _Examination(target, place, household, listener)
    began_ns = time.monotonic_ns()
    view = OutsideView(
        method=target.method,
        clients=clients,
        began_ns=began_ns,
        deadline_ns=round(deadline_s * 1e9),
        elapsed_ns=0,
        rounds=(),
        cookies="given" if target.cookies else None,
        own_cookies=False,
        local=local,
        cores=os.cpu_count() or 1,
        most_clients=most_clients,
    )
    while experiment := plan(view):
        left_s = deadline_s - view.elapsed_ns / 1e9
        if left_s <= 0:
            break
        tell(experiment.name)
        done = await examination.run(replace(experiment, timeout_s=min(experiment.timeout_s, left_s)))
        view = replace(
            view,
            elapsed_ns=time.monotonic_ns() - began_ns,
            rounds=(*view.rounds, done),
            cookies=view.cookies or ("set by the server" if examination.jar else None),
            own_cookies=any(examination.own_jars),
        )
        outside_log.write(folder, view)
    return view


@dataclass(slots=True)
class _Watched:
    looks: list[Look]
    cpu_ns: int | None = None


class _Examination:
    """One target, its cookies, and the listener where it is on this machine."""

    def __init__(
        self, target: Target, place: Origin, household: Household, listener: Listener | None
    ) -> None:
        self._target = target
        self._place = place
        self._household = household
        self._listener = listener
        self._folder = household.folder("outside")
        self._key = os.urandom(16)
        self._numbers = count(1)
        self.jar: Jar = target.cookies
        self.own_jars: tuple[Jar, ...] = ()

    async def run(self, experiment: Experiment) -> Round:
        """One experiment, its client ended, its connections closed."""
        out = self._folder / client.FILE
        before, overflows = Reading.take(), listen_overflows()
        async with AsyncExitStack() as held:
            if experiment.silent:
                await held.enter_async_context(self._silence(experiment.silent))
            watched = await held.enter_async_context(self._watched())
            report = await raw_socket.measure(
                self._household,
                urls=self._urls(experiment),
                mode="cold",
                timeout_s=experiment.timeout_s,
                out=out,
                method=self._target.method,
                headers=self._target.headers,
                jars=self._jars(experiment),
                body=self._target.body,
                verify_tls=self._target.verify_tls,
                digest_key=self._key,
            )
        self._learn(experiment, report.jars)
        after = listen_overflows()
        lines = client.read(out)
        with suppress(OSError):  # it names the URL
            out.unlink()
        return Round(
            experiment=experiment,
            released_ns=report.released_ns,
            answers=tuple(map(_answer, lines)),
            looks=tuple(look for look in watched.looks if look.at_ns >= report.released_ns),
            cpu_ns=watched.cpu_ns,
            busy_share=Reading.take().since(before).get("cpu_busy_share"),
            overflows=after - overflows if after is not None and overflows is not None else None,
        )

    def _urls(self, experiment: Experiment) -> list[str]:
        if experiment.query == "as-is":
            return [self._target.url] * experiment.clients
        if experiment.query == "one":
            return [self._marked(next(self._numbers))] * experiment.clients
        return [self._marked(next(self._numbers)) for _ in range(experiment.clients)]

    def _marked(self, number: int) -> str:
        parts = urlsplit(self._target.url)
        mark = f"{PARAMETER}={time.time_ns():x}{number}"
        return urlunsplit(parts._replace(query=f"{parts.query}&{mark}" if parts.query else mark))

    def _jars(self, experiment: Experiment) -> tuple[Jar, ...]:
        match experiment.cookies:
            case "same":
                return (self.jar,)
            case "own":
                return self.own_jars
            case "all but the last":
                return (*[self.jar] * (experiment.clients - 1), ())
            case _:
                return ()

    def _learn(self, experiment: Experiment, jars: tuple[Jar, ...]) -> None:
        """A browser would send again what the server sets; those who came without get one each."""
        if experiment.cookies == "none":
            self.own_jars = tuple(jar for jar in jars if jar)
        elif not self.jar and jars:
            self.jar = jars[0]

    @asynccontextmanager
    async def _silence(self, connections: int) -> AsyncIterator[None]:
        """So many open connections on which nothing is said."""
        address = (_resolvable(self._place.host), self._place.port)
        opened: list[socket.socket] = []
        try:
            for _ in range(connections):
                with suppress(OSError):
                    made = await asyncio.to_thread(socket.create_connection, address, SILENT_CONNECT_S)
                    opened.append(made)
            await asyncio.sleep(SETTLING_S)
            yield
        finally:
            for each in opened:
                each.close()

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[_Watched]:
        """Looks at the server a few times while the block runs, where it is here."""
        watched = _Watched([])
        listener = self._listener
        if listener is None:
            yield watched
            return
        used_ns = await asyncio.to_thread(listener.cpu_ns)
        looking = asyncio.create_task(_look(listener, watched.looks))
        try:
            yield watched
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            watched.cpu_ns = max(0, await asyncio.to_thread(listener.cpu_ns) - used_ns)


async def _look(listener: Listener, looks: list[Look]) -> None:
    """Often at first and ever more seldom, so that a short round is seen as well as a long one."""
    period_s = LOOK_PERIOD_S
    await asyncio.sleep(FIRST_LOOK_S)
    while True:
        looks.append(listener.look())
        if len(looks) % MOST_LOOKS == 0:
            period_s *= 2
        await asyncio.sleep(period_s)


def _listener(place: Origin) -> Listener | None:
    """The process behind the target, if its host is this machine."""
    try:
        entries = socket.getaddrinfo(_resolvable(place.host), place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    found = {str(entry[4][0]) for entry in entries}
    own = {each.address for addresses in psutil.net_if_addrs().values() for each in addresses}
    if not any(address in own or address.startswith("127.") or address == "::1" for address in found):
        return None
    return Listener.find(place.port)


def _resolvable(host: str) -> str:
    """Names below `localhost` are loopback (RFC 6761, section 6.3), which many resolvers do not know."""
    return "localhost" if host.endswith(".localhost") else host


def _answer(line: ClientLine) -> Answer:
    return Answer(
        connect_start_ns=line.connect_start_ns,
        connected_ns=line.connected_ns,
        sent_ns=line.sent_ns,
        first_byte_ns=line.first_byte_ns,
        done_ns=line.done_ns,
        status=line.status,
        error=line.error,
        retransmits=line.retransmits,
        size=line.bytes,
        body=line.body,
        headers=line.headers or {},
    )
