"""Causes that show by when the answers come: a rate, silence, a full accept queue, so many workers."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from browserconc.analysis.outside_additions import (
    connections,
    silent_to_stop,
    unstable,
    waiting_inside,
    with_silence,
)
from browserconc.analysis.outside_plan import (
    LONG_NS,
    SHORT_NS,
    SILENCE_S,
    highest,
    is_parallel,
    is_quicker,
    is_stable,
    together,
)
from browserconc.analysis.outside_processes import computes, most_unread
from browserconc.analysis.outside_rounds import (
    PARALLEL,
    SHAPED,
    Steps,
    connecting_again_ns,
    lengths,
    named,
    steps,
    waiting_ns,
)
from browserconc.analysis.outside_uneven import is_all, is_uneven, workers_and_threads
from browserconc.analysis.outside_wording import alone, at_least, seconds, staircase
from browserconc.model.outside import OutsideView, Round, ServerView

ODD = 0.15
"""One that differs by this part of it may be another's."""
BACKLOG_SHARE = 0.25
IDLED = 1.25
"""A round that took so many times as long as its queue had stretches in which nothing was asked for."""
NO_WAITING_NS = 250_000_000


def shaping(view: OutsideView, service: int) -> ServerView | None:
    """rate-limit by shaping: answers at an even distance that is not the service time."""
    rounds = [(one, steps(one, service)) for one in named(view, "together")]
    even = _spacings(view, service, "together", "own-url", "same-new-url")
    if len(even) < 2 or max(even) > 1.3 * min(even) or computes(view, service):
        return None
    spacing = round(median(even))
    if 1 / SHAPED < spacing / service < SHAPED:
        return None
    if any(each.done_ns and each.done_ns[0] > service + 1.5 * spacing for _, each in rounds):
        return None  # an earlier round may have used up the first place, and no more
    if spacing < service and highest(view, service) > 2 * service / spacing:
        return None
    if most_unread(rounds[0][0]) > 1:
        return None  # a server that is slow to take them up
    because = (
        alone(service),
        f"{rounds[0][1].clients} at once were answered one every {seconds(spacing)}, evenly, the first "
        f"after {seconds(rounds[0][1].done_ns[0])}: something lets {1e9 / spacing:.1f} through per second.",
    )
    return ServerView(None, "rate-limit", "server", because, service, ())


def _spacings(view: OutsideView, service: int, *names: str) -> list[int]:
    all_steps = [steps(one, service) for one in named(view, *names)]
    return [each.spacing_ns for each in all_steps if each.spacing_ns is not None and each.is_whole]


def silence(view: OutsideView, service: int) -> ServerView | None:
    """idle-connection, as the cause that costs most: where requests hardly wait for each other."""
    rounds = together(view, service)
    held = silent_to_stop(view)
    if held is None or not all(each.is_whole and each.last_ns < NO_WAITING_NS for each in rounds):
        return None
    because = (
        alone(service),
        staircase(rounds[0]),
        f"Beside {connections(held)} that said nothing, no answer came within {SILENCE_S:g} s.",
    )
    limit = 1 if held == 1 else None
    return ServerView(
        limit, "idle-connection", "server", because, service, (), silence=held, also=("server-width",)
    )


def backlog(view: OutsideView, service: int) -> ServerView | None:
    """accept-backlog: connections had to ask again a second and more later, and the server idled."""
    worst: Round | None = None
    share = 0.0
    for one in named(view, "together"):
        count, again_ns = connecting_again_ns(one)
        waited = waiting_ns(one, service)
        if count > 1 and waited and again_ns / waited > share and _idled(view, one, service):
            worst, share = one, again_ns / waited
    if worst is None or share < BACKLOG_SHARE:
        return None
    count, _ = connecting_again_ns(worst)
    because = [
        alone(service),
        f"{count} of {len(worst.answers)} connections were made only after their SYN was sent again, 1 s and "
        f"more later: {share:.0%} of all waiting.",
    ]
    if worst.overflows:
        because.append(f"The kernel counted {worst.overflows} times that the accept queue was full.")
    levels = {each.level for each in together(view, service)}
    narrow = len(levels) == 1 and levels != {0} and not _is_parallel_once_connected(worst, service)
    level = levels.pop() if narrow else None
    also = ("server-width",) if narrow else ()
    return with_silence(
        view, ServerView(level, "accept-backlog", "server", tuple(because), service, (), also=also)
    )


def _idled(view: OutsideView, one: Round, service: int) -> bool:
    """Would a server of the width seen have been done clearly earlier?"""
    seen = steps(one, service)
    queue_ns = -(-seen.clients // highest(view, service)) * service
    return not seen.is_whole or seen.last_ns > IDLED * queue_ns


def _is_parallel_once_connected(one: Round, service: int) -> bool:
    ways = [
        answer.done_ns - answer.connected_ns
        for answer in one.answers
        if answer.done_ns is not None and answer.connected_ns is not None
    ]
    return bool(ways) and max(ways) < PARALLEL * service


def width(view: OutsideView, service: int) -> ServerView | None:
    """server-width: so many at once, the others after them."""
    rounds = together(view, service)
    level = highest(view, service)
    if any(each.is_stretched for each in rounds[-2:]) or not any(level < each.clients for each in rounds):
        return None
    if _differs_by(view, service):
        return None
    threaded = workers_and_threads(view, rounds, level)
    uneven = is_uneven(rounds, level)
    overlooked = uneven and not is_all(view, rounds, level)
    if not (threaded or uneven or is_stable(view, service) or _agree(rounds, level)):
        return None
    if not all(each.can_be_of(threaded[0] * threaded[1] if threaded else level) for each in rounds):
        return None
    widest = max(rounds, key=lambda each: each.clients)
    because = [alone(service), staircase(widest)]
    doubts = [at_least(level)] if overlooked else [*unstable(view, service)]
    if level > 1 and service >= LONG_NS:
        tried = ", ".join(str(each.clients) for each in rounds)
        doubts.append(f"One takes so long that only rounds of {tried} requests were tried.")
    if threaded:
        workers, threads = threaded
        level = workers * threads
        because.append(
            f"{workers} workers that run {threads} each take connections up unevenly, so at times fewer run "
            "at once."
        )
    because += waiting_inside(named(view, "together")[-1], level)
    doubts += _what_looks_the_same(view, level)
    spacings = _spacings(view, service, "together")
    if spacings and abs(median(spacings) - service) > ODD * service:
        doubts.append(
            f"The answers came {seconds(median(spacings))} apart and one alone takes {seconds(service)}: a "
            "rate limit is not excluded."
        )
    if view.cookies is not None and not is_parallel(view, service) and not _cookies_were_tried(view, service):
        doubts.append(
            "Without its cookies the server answers otherwise, so a lock on the session was not tried."
        )
    found = ServerView(level, "server-width", "server", tuple(because), service, tuple(doubts))
    if overlooked:
        found = replace(found, limit=None, at_least=level)
    if any(connecting_again_ns(one)[0] for one in named(view, "together")):
        line = "Connections had to send their SYN again, too, but the server was busy all the same."
        found = replace(found, because=(*found.because, line), also=("accept-backlog",))
    return with_silence(view, found)


def why_undecided(view: OutsideView, service: int) -> str:
    """The sentence for what none of the causes explains."""
    rounds = together(view, service)
    if not any(each.done_ns for each in rounds):
        errors = {a.error for one in named(view, "together") for a in one.answers if a.error}
        return f"No request of many at once was answered ({', '.join(sorted(errors)[:2])})."
    if how := _differs_by(view, service):
        return f"Requests {how} seem to run more at once than others, but not clearly."
    if service < SHORT_NS:
        return "One request is over so soon that the answers do not show how many run at once."
    spacings = _spacings(view, service, "together", "own-url", "same-new-url")
    if len(spacings) > 1 and max(spacings) <= 1.3 * min(spacings) and spacings[0] < (1 - ODD) * service:
        return (
            f"The answers came evenly, one every {seconds(median(spacings))}, though one alone takes "
            f"{seconds(service)}: a rate limit of {1e9 / median(spacings):.1f} per second does so, and a "
            "handler that holds a lock for a part of its time."
        )
    return _disagreement(view, service, rounds)


def _disagreement(view: OutsideView, service: int, rounds: list[Steps]) -> str:
    alone_ns = lengths(view, "alone")
    if max(alone_ns, default=0) > 2 * min(alone_ns, default=0):
        return (
            f"One request alone took {seconds(min(alone_ns))} to {seconds(max(alone_ns))}: when such answers "
            "come does not show how many run at once."
        )
    if any(each.is_stretched for each in rounds):
        hidden = "" if view.local else ", and the server's processes cannot be seen from here"
        return (
            "Even the first of many answers was late: the requests may share a core or be answered "
            f"together{hidden}."
        )
    if any(not each.is_whole for each in rounds):
        lost = sum(each.clients - len(each.done_ns) for each in rounds)
        return f"{lost} requests of many at once were not answered, so their order says nothing."
    level = highest(view, service)
    if not all(each.can_be_of(level) for each in rounds):
        return (
            f"Answers came sooner than a server that runs {level} at once could give them, but not at once."
        )
    levels = ", ".join(str(each.level) for each in rounds)
    return f"The rounds do not agree how many requests run at once ({levels})."


def _differs_by(view: OutsideView, service: int) -> str | None:
    """What seems to make requests run more at once, though that was not sure enough for a cause."""
    for name, how in (("no-cookies", "without cookies"), ("own-url", "with a query of their own")):
        if is_quicker(view, service, name):
            return how
    return None


def _agree(rounds: list[Steps], level: int) -> bool:
    """Two rounds within a tenth of each other, where there are many."""
    close = [each for each in rounds if each.level >= 0.85 * level and each.clients > level and each.is_whole]
    return len(close) > 1


def _what_looks_the_same(view: OutsideView, level: int) -> list[str]:
    """An event loop that blocks is a worker of width one, where its thread cannot be seen."""
    if view.local is None:
        workers = "a single worker" if level == 1 else f"{level} workers"
        loops = "a blocked event loop looks" if level == 1 else "blocked event loops look"
        return [f"From outside {loops} the same as {workers}."]
    if view.local.loops is None:
        return ["The system does not show whether an event loop is blocked or there are so many workers."]
    return []


def _cookies_were_tried(view: OutsideView, service: int) -> bool:
    usual = {answer.status for one in named(view, "alone") for answer in one.answers}
    return any({a.status for a in one.answers} <= usual for one in named(view, "no-cookies"))
