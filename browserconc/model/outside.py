"""What a server that is not ours shows from outside: what raw sockets saw of it, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

from browserconc.model.finding import Culprit


@dataclass(frozen=True, slots=True)
class Answer:
    """One request by a raw socket; instants in ns of the monotonic clock, `done_ns` None if it failed."""

    sent_ns: int | None
    done_ns: int | None
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class OutsideView:
    """Raw observations: requests that ran alone, and batches that were sent at once."""

    alone: tuple[Answer, ...]
    batches: tuple[tuple[Answer, ...], ...]


@dataclass(frozen=True, slots=True)
class ServerView:
    """What follows: `limit` requests at once (None: no limit seen), held back by `cause`."""

    limit: int | None
    cause: str | None
    culprit: Culprit | None
    because: tuple[str, ...]
    service_ns: int | None
    doubts: tuple[str, ...]
