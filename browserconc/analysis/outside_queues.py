"""Causes that show by when the answers come, and by what the server's processes do meanwhile."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from browserconc.analysis.outside_plan import SHORT_NS, SILENCE_S, highest, is_parallel, is_stable, together
from browserconc.analysis.outside_rounds import (
    PARALLEL,
    Steps,
    connecting_again_ns,
    is_served,
    lengths,
    named,
    pending,
    steps,
    usual_step,
    waiting_ns,
)
from browserconc.analysis.outside_wording import alone, seconds, staircase
from browserconc.model.outside import Look, OutsideView, Round, ServerView

SHAPED = 0.3
"""A spacing that differs from the service time by this part of it is not the server's own."""
COMPUTED = 0.5
"""A request that computes uses CPU time for at least this part of its time alone."""
CORE = 0.5
"""So much of a core was in use throughout; on a busy machine a server does not get a whole one."""
BACKLOG_SHARE = 0.25
BLOCKED_SHARE = 0.7
"""In so many of the looks the event loop's thread was not where it waits for requests."""
NO_WAITING_NS = 250_000_000


def shaping(view: OutsideView, service: int) -> ServerView | None:
    """rate-limit by shaping: answers at an even distance that is not the service time."""
    rounds = [(one, steps(one, service)) for one in named(view, "together")]
    even = [each.spacing_ns for _, each in rounds if each.spacing_ns is not None and each.is_whole]
    if len(even) < 2 or max(even) > 1.3 * min(even) or _computes(view, service):
        return None
    spacing = round(median(even))
    if abs(spacing - service) < SHAPED * service:
        return None
    if any(each.done_ns and each.done_ns[0] > service + 1.5 * spacing for _, each in rounds):
        return None  # an earlier round may have used up the first place, and no more
    if spacing < service and highest(view, service) > 2 * service / spacing:
        return None
    if _most_unread(rounds[0][0]) > 1:
        return None  # a server that is slow to take them up
    because = (
        alone(service),
        f"{rounds[0][1].clients} at once were answered one every {seconds(spacing)}, evenly, the first "
        f"after {seconds(rounds[0][1].done_ns[0])}: something lets {1e9 / spacing:.1f} through per second.",
    )
    return ServerView(None, "rate-limit", "server", because, service, ())


def silence(view: OutsideView, service: int) -> ServerView | None:
    """idle-connection, as the cause that costs most: where requests hardly wait for each other."""
    rounds = together(view, service)
    held = _silent_to_stop(view)
    if held is None or not all(each.is_whole and each.last_ns < NO_WAITING_NS for each in rounds):
        return None
    because = (
        alone(service),
        staircase(rounds[0]),
        f"Beside {_connections(held)} that said nothing, no answer came within {SILENCE_S:g} s.",
    )
    limit = 1 if held == 1 else None
    return ServerView(
        limit, "idle-connection", "server", because, service, (), silence=held, also=("server-width",)
    )


def backlog(view: OutsideView, service: int) -> ServerView | None:
    """accept-backlog: connections that had to ask again a second and more later."""
    worst: Round | None = None
    share = 0.0
    for one in named(view, "together"):
        count, again_ns = connecting_again_ns(one)
        waited = waiting_ns(one, service)
        if count > 1 and waited and again_ns / waited > share:
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
    free = _is_parallel_once_connected(worst, service)
    level = None if free else highest(view, service)
    also = () if free else ("server-width",)
    return _with_silence(
        view, ServerView(level, "accept-backlog", "server", tuple(because), service, (), also=also)
    )


def _is_parallel_once_connected(one: Round, service: int) -> bool:
    ways = [
        answer.done_ns - answer.connected_ns
        for answer in one.answers
        if answer.done_ns is not None and answer.connected_ns is not None
    ]
    return bool(ways) and max(ways) < PARALLEL * service


def computing(view: OutsideView, service: int) -> ServerView | None:
    """server-cpu: requests run together and share what the processes may use of the cores."""
    rounds = [one for one in named(view, "together") if steps(one, service).is_whole]
    if not rounds or not _computes(view, service) or _loops_are_blocked(view, service):
        return None
    last = rounds[-1]
    each = steps(last, service)
    taken_up = view.local is not None and bool(last.looks) and _most_unread(last) <= 1
    if not each.is_stretched and not (taken_up and highest(view, service) < each.clients):
        return None
    used = last.cpu_ns or 0
    because = (
        alone(service),
        f"{each.clients} at once were answered after {seconds(each.done_ns[0])} to {seconds(each.last_ns)}: "
        "they slow each other down.",
        f"The server used {used / each.last_ns:.1f} cores meanwhile, {seconds(used / each.clients)} of CPU "
        "time for each request.",
    )
    limit = max(1, round(each.at_once))
    return ServerView(limit, "server-cpu", "server", because, service, ())


def blocked_loop(view: OutsideView, service: int) -> ServerView | None:
    """event-loop-blocked: nothing was read while one request ran, by a thread that rests in epoll."""
    if not _loops_are_blocked(view, service) or view.local is None:
        return None
    rounds = together(view, service)
    last = named(view, "together")[-1]
    level = _loop_level(view, service)
    because = (
        alone(service),
        staircase(rounds[0]),
        f"Meanwhile the event loop's thread was never back at its selector, and up to {_most_unread(last)} "
        "requests lay unread in the kernel.",
    )
    found = ServerView(level, "event-loop-blocked", "server", because, service, _unstable(view, service))
    return _with_silence(view, found)


def width(view: OutsideView, service: int) -> ServerView | None:
    """server-width: so many at once, the others after them."""
    rounds = together(view, service)
    level = highest(view, service)
    if any(each.is_stretched for each in rounds[-2:]) or not any(level < each.clients for each in rounds):
        return None
    uneven = _uneven_workers(view, rounds, level)
    if not (uneven or is_stable(view, service) or _agree(rounds, level)):
        return None
    widest = max(rounds, key=lambda each: each.clients)
    because = [alone(service), staircase(widest)]
    doubts = [*_unstable(view, service)]
    if uneven:
        workers, threads = uneven
        level = workers * threads
        because.append(
            f"{workers} workers that run {threads} each take connections up unevenly, so at times fewer run "
            "at once."
        )
    if level == 1:
        doubts += _what_else_is_serial(view)
    if view.cookies is not None and not is_parallel(view, service) and not _cookies_were_tried(view, service):
        doubts.append(
            "Without its cookies the server answers otherwise, so a lock on the session was not tried."
        )
    found = ServerView(level, "server-width", "server", tuple(because), service, tuple(doubts))
    return _with_silence(view, found)


def why_undecided(view: OutsideView, service: int) -> str:
    """The sentence for what none of the causes explains."""
    rounds = together(view, service)
    if not any(each.done_ns for each in rounds):
        errors = {a.error for one in named(view, "together") for a in one.answers if a.error}
        return f"No request of many at once was answered ({', '.join(sorted(errors)[:2])})."
    if service < SHORT_NS:
        return "One request is over so soon that the answers do not show how many run at once."
    if any(each.is_stretched for each in rounds):
        return (
            "Even the first of many answers was late: the requests may share a core or be answered together, "
            "and the server's processes cannot be seen from here."
        )
    if any(not each.is_whole for each in rounds):
        lost = sum(each.clients - len(each.done_ns) for each in rounds)
        return f"{lost} requests of many at once were not answered, so their order says nothing."
    levels = ", ".join(str(each.level) for each in rounds)
    return f"The rounds do not agree how many requests run at once ({levels})."


def _uneven_workers(view: OutsideView, rounds: list[Steps], level: int) -> tuple[int, int] | None:
    """(workers, threads of each) where the steps at a round's end are those of one worker that has more left.

    Then the first steps of two rounds and more were higher than the usual one.
    """
    usual = usual_step(rounds)
    if usual is None or usual < 2 or sum(each.level > usual for each in rounds) < 2:
        return None
    workers = -(-level // usual)
    known = view.local.processes if view.local else workers
    return (workers, usual) if workers <= known else None


def _agree(rounds: list[Steps], level: int) -> bool:
    """Two rounds within a tenth of each other, where there are many."""
    close = [each for each in rounds if each.level >= 0.85 * level and each.clients > level and each.is_whole]
    return len(close) > 1


def _unstable(view: OutsideView, service: int) -> tuple[str, ...]:
    if is_stable(view, service):
        return ()
    levels = ", ".join(str(each.level) for each in together(view, service))
    return (f"The number at once differed between rounds ({levels}).",)


def _what_else_is_serial(view: OutsideView) -> list[str]:
    if view.local is None:
        return ["From outside, an event loop that is blocked looks the same as a single worker."]
    if view.local.loops is None:
        return ["The system does not show whether an event loop is blocked or there is a single worker."]
    return []


def _cookies_were_tried(view: OutsideView, service: int) -> bool:
    usual = {answer.status for one in named(view, "alone") for answer in one.answers}
    return any({a.status for a in one.answers} <= usual for one in named(view, "no-cookies"))


def _computes(view: OutsideView, service: int) -> bool:
    """Did the process tree use CPU time for most of each request's time alone, and half a core throughout?"""
    found = False
    for one in named(view, "together"):
        last_ns = steps(one, service).last_ns
        if one.cpu_ns is None or not last_ns:
            return False
        if one.cpu_ns / len(one.answers) < COMPUTED * service or one.cpu_ns / last_ns < CORE:
            return False
        found = True
    return found


def _loops_are_blocked(view: OutsideView, service: int) -> bool:
    loops = view.local.loops if view.local else None
    if not loops:
        return False
    looks = [look for one in named(view, "together") for look in _looks_while_waiting(one, service)]
    blocked = [look for look in looks if look.polling is not None and look.polling < loops and look.unread]
    return len(blocked) >= 2 and len(blocked) >= BLOCKED_SHARE * len(looks)


def _loop_level(view: OutsideView, service: int) -> int:
    """One for each loop that was busy; batches of answers make the staircase's steps look higher."""
    looks = [look for one in named(view, "together") for look in _looks_while_waiting(one, service)]
    loops = (view.local.loops if view.local else None) or 1
    busy = [loops - look.polling for look in looks if look.polling is not None]
    return max(1, min(max(busy, default=1), loops))


def _looks_while_waiting(one: Round, service: int) -> list[Look]:
    """The looks at which several requests were pending, until half a service time before the end."""
    end_ns = max((a.done_ns for a in one.answers if is_served(a) and a.done_ns is not None), default=0)
    return [look for look in one.looks if pending(one, look.at_ns) > 1 and look.at_ns < end_ns - service / 2]


def _most_unread(one: Round) -> int:
    return max((look.unread for look in one.looks if look.unread is not None), default=0)


def _silent_to_stop(view: OutsideView) -> int | None:
    for one in named(view, "silence"):
        usual = max(lengths(view, "alone"), default=0)
        latest_ns = one.released_ns + usual + SILENCE_S * 0.9e9
        if any(answer.done_ns is None or answer.done_ns > latest_ns for answer in one.answers):
            return one.experiment.silent
    return None


def _with_silence(view: OutsideView, found: ServerView) -> ServerView:
    held = _silent_to_stop(view)
    if held is None:
        return found
    line = f"{_connections(held).capitalize()} that said nothing kept it from answering for {SILENCE_S:g} s."
    return replace(found, because=(*found.because, line), silence=held, also=(*found.also, "idle-connection"))


def _connections(number: int) -> str:
    return "one connection" if number == 1 else f"{number} connections"
