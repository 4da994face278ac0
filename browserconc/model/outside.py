"""What a server that is not ours shows from outside: the experiments, what raw sockets saw, what follows.

All instants are integer nanoseconds of the monotonic clock. Nothing here holds a header that may be
secret, a cookie or a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from browserconc.model.finding import Culprit

CookieUse = Literal["same", "none", "own", "all but the last"]
QueryUse = Literal["as-is", "one", "own"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """`clients` requests at once, each on a connection of its own.

    `cookies` are the same for all (those of the target, or what the server set first), none, or such
    as the server gave each of them for itself; or all but the last one have the same. `query`: the URL
    as it is, with a new parameter that is the same for all, or with one for each. So many `silent`
    connections are opened before and say nothing.
    """

    name: str
    clients: int
    timeout_s: float
    cookies: CookieUse = "same"
    query: QueryUse = "as-is"
    silent: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One request by a raw socket; None stands for what did not happen or was not seen.

    `body` is a digest with a key that is thrown away: equal bodies of one examination have equal ones.
    `headers` are harmless ones (age, retry-after, server, via and what caches say).
    """

    connect_start_ns: int | None
    connected_ns: int | None
    sent_ns: int | None
    first_byte_ns: int | None
    done_ns: int | None
    status: int | None
    error: str | None
    retransmits: int | None = None
    size: int | None = None
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """The server at one instant, where it is on this machine.

    `accept_queue` connections wait to be accepted, `unread` ones hold bytes that the server has not read;
    of the threads that wait in epoll when the server rests, `polling` did so now.
    """

    at_ns: int
    accept_queue: int | None
    unread: int | None
    polling: int | None


@dataclass(frozen=True, slots=True)
class Round:
    """One experiment and what was seen.

    `cpu_ns` is what the server's process tree used meanwhile, `busy_share` the part of this machine's
    processors that was busy, `overflows` how many connections of this machine found an accept queue full;
    each is None where that is not known.
    """

    experiment: Experiment
    released_ns: int
    answers: tuple[Answer, ...]
    looks: tuple[Look, ...] = ()
    cpu_ns: int | None = None
    busy_share: float | None = None
    overflows: int | None = None


@dataclass(frozen=True, slots=True)
class LocalServer:
    """The processes that hold the listening socket on this machine, while they rest.

    `loops` is how many of their threads wait in epoll; None where the system does not show it.
    """

    processes: int
    threads: int
    loops: int | None


@dataclass(frozen=True, slots=True)
class OutsideView:
    """Everything that was tried so far with one target, within `deadline_ns` after `began_ns`.

    `cookies` says whose cookies "same" means, None for none at all. `local` is None for a server that is
    not seen on this machine. `most_clients` bounds every experiment, where the server is to be spared.
    """

    method: str
    clients: int
    began_ns: int
    deadline_ns: int
    elapsed_ns: int
    rounds: tuple[Round, ...]
    cookies: Literal["given", "set by the server"] | None
    own_cookies: bool
    local: LocalServer | None
    cores: int
    doubts: tuple[str, ...] = ()
    most_clients: int | None = None


@dataclass(frozen=True, slots=True)
class ServerView:
    """What follows: `limit` requests at once (None: no limit seen), held back by `cause`.

    Without a cause and with a reason among the doubts it is undecided; without a cause and a limit, and with
    `parallel_up_to`, so many ran at once. With a cause and no limit,
    `at_least` so many run at once, perhaps more. `silence` is how many silent connections stop the
    server (None: not seen to). `also` are causes that were seen beside the one that costs most.
    """

    limit: int | None
    cause: str | None
    culprit: Culprit | None
    because: tuple[str, ...]
    service_ns: int | None
    doubts: tuple[str, ...]
    parallel_up_to: int | None = None
    silence: int | None = None
    also: tuple[str, ...] = ()
    at_least: int | None = None
