"""Causes that show by changing the request: refusals, a lock on the session, merged requests, and none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from browserconc.analysis.outside_plan import highest, is_parallel, is_quicker, together
from browserconc.analysis.outside_rounds import (
    REFUSALS,
    Steps,
    bodies,
    connecting_again_ns,
    is_cached,
    is_like,
    is_served,
    named,
    steps,
)
from browserconc.analysis.outside_wording import alone, seconds, staircase
from browserconc.model.outside import OutsideView, Round, ServerView

STRAGGLERS = 0.25
MOST_IN_A_LOCK = 2
"""A lock lets one through at a time; two where the answer to one ends late. More at once are workers that
accept unevenly, of which now this and now that request finds a free one."""
SHORTER = 0.85
"""A lock that is held while a request is worked on lets them follow each other by no less than that time."""
CLEARLY, LATE_SHARE = 1.7, 0.4
"""Two requests that exclude each other take twice as long as two that do not, and half of them wait. A
single straggler is not enough."""


def refusing(view: OutsideView, service: int) -> ServerView | None:
    """rate-limit by status: 429 or 503 for some of many, though one alone is served."""
    statuses = Counter(
        answer.status
        for one in named(view, "together")
        for answer in one.answers
        if answer.status in REFUSALS
    )
    if not statuses:
        return None
    refused_alone = any(a.status in REFUSALS for one in named(view, "alone") for a in one.answers)
    rounds = [one for one in named(view, "together") if any(a.status in REFUSALS for a in one.answers)]
    served = {sum(map(is_served, one.answers)) for one in rounds}
    status = statuses.most_common(1)[0][0]
    sent = len(rounds[0].answers)
    kept = sum(map(is_served, rounds[0].answers))
    because = [alone(service), f"Of {sent} at once {kept} were served, {sent - kept} refused ({status})."]
    if after := _retry_after(rounds):
        because.append(f"The server says: again after {after} (Retry-After).")
    doubts = []
    if refused_alone:
        doubts.append("Requests alone were refused, too: earlier ones may have used up what it allows.")
    if status == 503:
        doubts.append("Status 503 may also say that the server is overloaded.")
    if len(rounds) < 2:
        doubts.append("The refusals were seen in one round only.")
    limit = served.pop() if len(served) == 1 and len(rounds) > 1 else None
    return ServerView(limit or None, "rate-limit", "server", tuple(because), service, tuple(doubts))


def _retry_after(rounds: list[Round]) -> str | None:
    said = [a.headers["retry-after"] for one in rounds for a in one.answers if "retry-after" in a.headers]
    return f"{said[0]} s" if said and said[0].isdigit() else said[0] if said else None


def session(view: OutsideView, service: int) -> ServerView | None:
    """session-lock: slow with the same cookies, at once without them or with one's own."""
    if highest(view, service) > MOST_IN_A_LOCK or not is_quicker(view, service, "no-cookies"):
        return None
    if named(view, "own-cookies") and not is_quicker(view, service, "own-cookies"):
        return None
    free = steps(named(view, "no-cookies")[0], service)
    if not _is_clearly_slower(together(view, service)[-1], free):
        return None
    because = [
        alone(service),
        f"With the same cookies: {_small(staircase(together(view, service)[0]))}",
        f"Without cookies {free.clients} at once took {seconds(free.last_ns)}.",
    ]
    spacings = [each.spacing_ns for each in together(view, service) if each.spacing_ns is not None]
    if spacings and median(spacings) < SHORTER * service:
        doubt = (
            f"With the same cookies the answers came evenly, one every {seconds(median(spacings))}, though "
            f"one alone takes {seconds(service)}: a session that is locked for a part of that time does so, "
            "and a rate limit for each visitor."
        )
        return ServerView(None, None, None, tuple(because), service, (doubt,))
    if own := named(view, "own-cookies"):
        mine = steps(own[0], service)
        because.append(f"With cookies of their own {mine.clients} at once took {seconds(mine.last_ns)}.")
    doubts = [] if own else ["Cookies of their own could not be tried: the server gave none."]
    if len(named(view, "together")) < 2:
        doubts.append("The wait with the same cookies was seen once only.")
    limit = highest(view, service)
    return ServerView(limit, "session-lock", "server", tuple(because), service, tuple(doubts))


def _is_clearly_slower(slow: Steps, quick: Steps) -> bool:
    """By more than the scatter of a server whose answers take now this long, now that?"""
    if not slow.is_whole:
        return True
    return slow.last_ns >= CLEARLY * quick.last_ns and slow.late_share >= LATE_SHARE


def coalescing(view: OutsideView, service: int) -> ServerView | None:
    """proxy-coalesce: equal requests share the answer to one of them, or wait for each other."""
    if shared := _shares_an_answer(view):
        first = steps(shared[0], service)
        because = (
            alone(service),
            f"{first.clients} equal requests at once all got the very same answer within "
            f"{seconds(first.last_ns)}, while requests one after the other or with a query of their own got "
            "different ones: something before the application merges them.",
        )
        return ServerView(1, "proxy-coalesce", "server", because, service, ())
    if highest(view, service) > MOST_IN_A_LOCK or not is_quicker(view, service, "own-url"):
        return None
    return _waits_for_equal_ones(view, service)


def _shares_an_answer(view: OutsideView) -> list[Round]:
    """The rounds in which all bodies were equal, if that is so in all, and bodies differ otherwise."""
    equal = [one for one in named(view, "together") if len(bodies([one])) > 2]
    shared = [one for one in equal if len(set(bodies([one]))) == 1]
    before = bodies(named(view, "alone", "alone-new-url")) if not is_cached(view) else []
    different = before or bodies(named(view, "own-url"))
    if len(shared) < len(equal) or len(set(different)) < max(2, len(different)):
        return []
    return shared


def _waits_for_equal_ones(view: OutsideView, service: int) -> ServerView | None:
    again = named(view, "same-new-url")
    own = steps(named(view, "own-url")[0], service)
    slow = steps(again[0], service) if again else together(view, service)[-1]
    if slow.is_parallel or not _is_clearly_slower(slow, own):
        return None
    because = (
        alone(service),
        f"With the same URL: {_small(staircase(together(view, service)[0]))}",
        f"With a query of their own {own.clients} at once took {seconds(own.last_ns)}.",
    )
    doubts = [] if again else ["The wait of equal URLs was not tried with a new one."]
    if not _speaks_of_a_proxy(view):
        doubts.append("Whether a proxy or the application itself makes equal requests wait cannot be seen.")
    limit = highest(view, service)
    return ServerView(limit, "proxy-coalesce", "server", because, service, tuple(doubts))


def _speaks_of_a_proxy(view: OutsideView) -> bool:
    names = {name for one in view.rounds for answer in one.answers for name in answer.headers}
    return bool(names - {"server", "retry-after"})


def parallel(view: OutsideView, service: int) -> ServerView | None:
    """No cause: so many ran at once."""
    rounds = together(view, service)
    if is_parallel(view, service):
        most = max((each for each in rounds if each.is_parallel), key=lambda each: each.clients)
        many = most.clients
        because = (alone(service), f"{many} at once took {seconds(most.last_ns)}: all ran in parallel.")
    elif _all_but_stragglers(rounds) and highest(view, service) >= view.clients:
        most = max(rounds, key=lambda each: each.level)
        many = most.level
        late = most.clients - many
        because = (
            alone(service),
            f"Of {most.clients} at once {many} ran in parallel, and {late} were late.",
        )
    else:
        return None
    doubts: list[str] = []
    if many < view.clients:
        doubts.append(f"There was no time to ask {view.clients} at once.")
    also: tuple[str, ...] = ()
    again = [connecting_again_ns(one)[0] for one in named(view, "together")]
    if max(again) > 0:
        also = ("accept-backlog",)
        doubts.append(
            f"{max(again)} connections of one round had to send their SYN again, 1 s later: the server's "
            "accept queue is short."
        )
    own = named(view, "own-url")
    if is_cached(view):
        doubts.append("Answers come from a cache: what was measured is a new URL in each round.")
    if own and is_like(own[0], view, service) and not steps(own[0], service).is_parallel:
        took = seconds(steps(own[0], service).last_ns)
        others = own[0].experiment.clients
        doubts.append(f"With a query of their own {others} took {took}: equal ones are merged.")
    return ServerView(None, None, None, because, service, tuple(doubts), many, None, also)


def _all_but_stragglers(rounds: Sequence[Steps]) -> bool:
    """Were nearly all of every round answered in the time of one?"""
    return all(each.is_whole and each.late_share <= STRAGGLERS for each in rounds)


def _small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
