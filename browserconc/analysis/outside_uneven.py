"""Workers that accept for themselves: one has many requests while others have none, so some never show.

Such a worker takes connections up while it works (PHP's, or those of SO_REUSEPORT), and which one gets
how many is chance at best: of a hundred requests PHP's workers were seen to share out all to two of
seventeen. The answers of the first step are then the workers that got any, not all that there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log

from browserconc.analysis.outside_rounds import Steps, last_steps
from browserconc.model.outside import LocalServer, OutsideView

FULL, LATE = 0.75, 0.6
"""A step that has fewer answers than this part of the first, with more to come, is not full; and a round that
ends so many service times after the last step of one queue is late."""
OVERLOOKED = 7.0
"""Of width x (ln width + 7) requests dealt out by chance a worker gets none in one of a thousand rounds."""
WIDER = 1.25
LONGEST_NS = 10_000_000_000
"""A further round must be so much wider than the last, and may take so long at its pace."""


def is_uneven(rounds: Sequence[Steps], level: int) -> bool:
    """Did some round end later than so many workers with one queue need, its steps not full?"""
    return any(_is_left_alone(each, level) for each in rounds)


def _is_left_alone(one: Steps, level: int) -> bool:
    """Had some worker requests left when others, which had none, could have taken them?"""
    if not one.is_whole or one.clients <= level or one.is_stretched:
        return False
    number = -(-one.clients // level)
    late = one.last_ns >= (number + LATE) * one.service_ns
    return late and min(count for count, _ in one.waves()[:-1] or [(level, 0)]) < FULL * level


def is_all(view: OutsideView, rounds: Sequence[Steps], level: int) -> bool:
    """Are the workers that were seen all that there are, although they accept unevenly?

    So it is where every process of the server was seen to work, or where so many requests were dealt out
    that none can have been overlooked; once may be luck, so another round has to agree.
    """
    if view.local and _workers(view.local) == level:
        return True
    if workers_and_threads(view, rounds, level):
        return True
    agreeing = [each for each in rounds if each.level == level]
    return len(agreeing) > 1 and max(each.clients for each in agreeing) >= enough(level)


def _workers(local: LocalServer) -> int | None:
    """The processes, where each has a single thread and so runs one request; None where they may run more."""
    return local.processes if local.threads == local.processes and not local.loops else None


def enough(level: int) -> int:
    """So many requests would show that there is one worker more, if chance deals them out."""
    return ceil((level + 1) * (log(level + 1) + OVERLOOKED))


def wider(rounds: Sequence[Steps], level: int, left_ns: int) -> int | None:
    """How many requests at once may show more workers and be over in time; None where none do."""
    last = rounds[-1]
    in_time = int(min(LONGEST_NS, left_ns) * last.clients / max(last.last_ns, 1))
    clients = min(enough(level), in_time)
    return clients if clients >= WIDER * last.clients or last.level < level <= clients else None


def workers_and_threads(view: OutsideView, rounds: Sequence[Steps], level: int) -> tuple[int, int] | None:
    """(workers, threads of each) where the steps at a round's end are those of one worker that has more left.

    Then the first steps of two rounds and more were higher, and there are as many processes, perhaps with
    one more that starts the others.
    """
    threads = last_steps(rounds)
    if (
        view.local is None
        or threads is None
        or threads < 2
        or sum(each.level > threads for each in rounds) < 2
    ):
        return None
    workers = -(-level // threads)
    return (workers, threads) if 0 <= view.local.processes - workers <= 1 else None
