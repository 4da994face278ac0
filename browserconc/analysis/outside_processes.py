"""Causes that show by what the server's processes do while requests wait: a busy core, a blocked event loop.

They are named only where the processes are seen, on this machine.
"""

from __future__ import annotations

from browserconc.analysis.outside_additions import unstable, with_silence
from browserconc.analysis.outside_plan import highest, together
from browserconc.analysis.outside_rounds import is_served, named, pending, steps
from browserconc.analysis.outside_wording import alone, seconds, staircase
from browserconc.model.outside import Look, OutsideView, Round, ServerView

COMPUTED = 0.5
"""A request that computes uses CPU time for this part of its time alone, and many use so much of a core."""
BUSY, OF_A_BUSY_MACHINE = 0.9, 0.15
"""Where processors are short for this part of the time a server gets only a part of one."""
BLOCKED_SHARE = 0.7
"""In so many of the looks the event loop's thread was not where it waits for requests."""


def computing(view: OutsideView, service: int) -> ServerView | None:
    """server-cpu: requests run together and share what the processes may use of the cores."""
    rounds = [one for one in named(view, "together") if steps(one, service).is_whole]
    if not rounds or not computes(view, service) or _loops_are_blocked(view, service):
        return None
    last = rounds[-1]
    each = steps(last, service)
    taken_up = view.local is not None and bool(last.looks) and most_unread(last) <= 1
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
    limit = max(1, *(round((one.cpu_ns or 0) / steps(one, service).last_ns) for one in rounds))
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
        f"Meanwhile the event loop's thread was not back at its selector{_lying(most_unread(last))}.",
    )
    found = ServerView(level, "event-loop-blocked", "server", because, service, unstable(view, service))
    return with_silence(view, found)


def _lying(unread: int) -> str:
    if unread:
        return f", and up to {unread} requests lay unread in the kernel"
    return ", though it had read all requests already"


def computes(view: OutsideView, service: int) -> bool:
    """Did the process tree use CPU time for most of each request's time alone, and half a core throughout?"""
    found = False
    for one in named(view, "together"):
        last_ns = steps(one, service).last_ns
        if one.cpu_ns is None:
            return False
        if not steps(one, service).is_whole:
            continue
        least = OF_A_BUSY_MACHINE if one.busy_share is not None and one.busy_share >= BUSY else COMPUTED
        if one.cpu_ns / len(one.answers) < least * service or one.cpu_ns / last_ns < least:
            return False
        found = True
    return found


def _loops_are_blocked(view: OutsideView, service: int) -> bool:
    loops = view.local.loops if view.local else None
    if not loops:
        return False
    looks = [look for one in named(view, "together") for look in _looks_while_waiting(one, service)]
    blocked = [
        look for look in looks if look.polling is not None and look.polling < loops and _has_come(look)
    ]
    return len(blocked) >= 2 and len(blocked) >= BLOCKED_SHARE * len(looks)


def _has_come(look: Look) -> bool:
    """There is work for the loop: requests to be read, or all of them read already and none begun since."""
    return bool(look.unread) or look.accept_queue == 0


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


def most_unread(one: Round) -> int:
    """The most connections of the server that held unread bytes at one look."""
    return max((look.unread for look in one.looks if look.unread is not None), default=0)
