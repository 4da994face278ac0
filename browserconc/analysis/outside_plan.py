"""What to ask a server next, the cheapest decisive question first; None when the answer is sure.

Questions in this order: one request alone; many at once; without the cookies; with a URL of its own for
each; many at once again until two rounds agree; silent connections. Each is a pure look at what was
seen, so a saved view leads to the same question again.
"""

from __future__ import annotations

from dataclasses import replace

from browserconc.analysis.outside_rounds import (
    PARALLEL,
    Steps,
    is_cached,
    is_like,
    lengths,
    looks_cached,
    named,
    service_ns,
    steps,
    varies,
)
from browserconc.analysis.outside_uneven import is_all, is_uneven, wider
from browserconc.model.outside import Experiment, OutsideView, QueryUse

ALONE_TIMEOUT_S = 30.0
FEWEST_TOGETHER = 12
FIRST_ROUND_S, NEXT_ROUND_S, VARIANT_S = 6.0, 3.0, 1.0
LONGEST_FIRST_ROUND_S = 12.0
"""What a first, a further and a changed round may take if the server runs one request at a time; a first
one of no more clients than were asked about may take longer."""
MOST_TOGETHER_ROUNDS, MOST_SHORT_ROUNDS = 5, 3
LONG_NS, VERY_LONG_NS = 800_000_000, 2_000_000_000
"""Of so long a service time fewer requests must do."""
SHORT_NS = 20_000_000
"""A service time that is lost in what else a machine does: further rounds would not agree."""
MOST_CLIENTS = 200
MOST_SILENT = 16
SILENCE_S = 1.5
"""An answer that is so much later than usual beside silent connections was held back by them."""
SLACK_S = 5.0
ROOM = 0.5
"""Who has to wait for another request waits for more than this part of a service time."""
SAFE_METHODS = ("GET", "HEAD")


def next_experiment(view: OutsideView) -> Experiment | None:
    """The next question to the server, or None: nothing more is needed, or there is no time for it."""
    service = service_ns(view)
    if (question := _alone(view, service)) is not None:
        return question
    if service is None or not any(one.answers and _is_answered(one.answers) for one in named(view, "alone")):
        return None
    for ask in QUESTIONS:
        question = ask(view, service)
        if question is DONE:
            return None
        if question is not None:
            return _spared(view, question) if _fits(view, question, service) else None
    return None


DONE = Experiment("done", 0, 0.0)
"""The answer to a question for which no further one matters."""


def _is_answered(answers: tuple[object, ...]) -> bool:
    return any(getattr(answer, "error", "") is None for answer in answers)


def _spared(view: OutsideView, question: Experiment) -> Experiment:
    """No more requests at once than the server may be asked for."""
    if view.most_clients is None:
        return question
    clients, silent = min(question.clients, view.most_clients), min(question.silent, view.most_clients)
    return replace(question, clients=clients, silent=silent)


def _fits(view: OutsideView, question: Experiment, service: int) -> bool:
    left_ns = view.deadline_ns - view.elapsed_ns
    return left_ns > min(question.clients, 3) * service


def _alone(view: OutsideView, service: int | None) -> Experiment | None:
    rounds = named(view, "alone")
    if rounds and not lengths(view, "alone"):
        return None  # it does not answer
    wanted = 3 if service is None or service < LONG_NS else 2
    if varies(view):
        wanted *= 2
    if len(rounds) < wanted:
        return Experiment("alone", 1, ALONE_TIMEOUT_S)
    if looks_cached(view) and view.method in SAFE_METHODS and not named(view, "alone-new-url"):
        return Experiment("alone-new-url", 1, ALONE_TIMEOUT_S, query="own")
    return None


def together(view: OutsideView, service: int) -> list[Steps]:
    """The rounds of the user's own request at once, the first to the last."""
    return [steps(one, service) for one in named(view, "together")]


def highest(view: OutsideView, service: int) -> int:
    """The most answers that ever came in one step of these rounds; at least 1."""
    return max((each.level for each in together(view, service)), default=1) or 1


def _query(view: OutsideView) -> QueryUse:
    """A cached URL would be answered without work: then all ask for one that is new in each round."""
    return "one" if is_cached(view) else "as-is"


def _round(view: OutsideView, service: int, clients: int, name: str = "together") -> Experiment:
    timeout_s = SLACK_S + 2 * clients * service / 1e9
    return Experiment(name, clients, timeout_s, query=_query(view))


def _together(view: OutsideView, service: int) -> Experiment | None:
    rounds = together(view, service)
    asked_about = min(view.clients, view.most_clients or view.clients)
    if rounds and rounds[-1].is_parallel and rounds[-1].clients < asked_about:
        return _round(view, service, max(FEWEST_TOGETHER, view.clients))
    if rounds:
        return None
    in_time = int(FIRST_ROUND_S * 1e9 / service)
    as_asked = min(view.clients, int(LONGEST_FIRST_ROUND_S * 1e9 / service))
    return _round(view, service, max(4, min(max(FEWEST_TOGETHER, view.clients), max(in_time, as_asked))))


def _refused(view: OutsideView, service: int) -> Experiment | None:
    """Refusals are seen twice, then they are sure."""
    rounds = together(view, service)
    refusing = sum(each.refused > 0 for each in rounds)
    if not refusing:
        return None
    return DONE if refusing > 1 or len(rounds) > 2 else _round(view, service, rounds[0].clients)


def is_parallel(view: OutsideView, service: int) -> bool:
    """Did all of some round run at once, and none of more clients not?

    One such round is proof for as many: no limited server is so quick.
    """
    rounds = together(view, service)
    most = max((each.clients for each in rounds if each.is_parallel), default=0)
    return most > 0 and all(each.is_parallel or each.clients <= most for each in rounds)


def _variant_clients(view: OutsideView, service: int) -> int:
    """Enough to tell: at twice the level seen, a server of that width needs two service times."""
    in_time = -(-int(VARIANT_S * 1e9) // service)
    fewest = 3 if service >= VERY_LONG_NS and not varies(view) else 4
    return min(MOST_CLIENTS, max(fewest, 2 * highest(view, service), min(FEWEST_TOGETHER, in_time)))


def _no_cookies(view: OutsideView, service: int) -> Experiment | None:
    if is_parallel(view, service) or view.cookies is None or named(view, "no-cookies"):
        return None
    clients = _variant_clients(view, service)
    timeout_s = SLACK_S + 2 * clients * service / 1e9
    return Experiment("no-cookies", clients, timeout_s, cookies="none", query=_query(view))


def is_quicker(view: OutsideView, service: int, name: str) -> bool:
    """Did a changed request, like the user's own otherwise, run at once where his own did not?

    Processes that accept for themselves are uneven: one may take two requests while another has none. So
    twice as many in the first step as ever before are enough.
    """
    enough = 2 * highest(view, service)
    return not is_parallel(view, service) and any(
        is_like(one, view, service)
        and one.experiment.clients > highest(view, service)
        and (steps(one, service).is_parallel or steps(one, service).level >= enough)
        for one in named(view, name)
    )


def _own_cookies(view: OutsideView, service: int) -> Experiment | None:
    """Parallel without cookies: also with one for each, and once more not with the same?"""
    if not is_quicker(view, service, "no-cookies"):
        return None
    clients = named(view, "no-cookies")[0].experiment.clients
    timeout_s = SLACK_S + 2 * clients * service / 1e9
    if view.own_cookies and not named(view, "own-cookies"):
        return Experiment("own-cookies", clients, timeout_s, cookies="own", query=_query(view))
    if len(named(view, "together")) < 2:
        return _round(view, service, clients)
    return DONE


def _beside(view: OutsideView, service: int) -> Experiment | None:
    """Without cookies it is another answer, a login page perhaps: does that come while the others wait?"""
    if has_room(view, service):
        return DONE
    rounds = named(view, "no-cookies")
    if named(view, "beside") or not rounds or is_like(rounds[0], view, service):
        return None
    clients = highest(view, service) + 2
    timeout_s = SLACK_S + 2 * clients * service / 1e9
    return Experiment("beside", clients, timeout_s, cookies="all but the last", query=_query(view))


def has_room(view: OutsideView, service: int) -> bool:
    """Was a request without cookies answered soon while those with them waited for each other?"""
    for one in named(view, "beside"):
        last = one.answers[-1]
        waited = steps(one, service).last_ns >= PARALLEL * service
        if waited and last.done_ns is not None and last.sent_ns is not None and last.error is None:
            return last.done_ns - last.sent_ns < ROOM * service
    return False


def _own_url(view: OutsideView, service: int) -> Experiment | None:
    if view.method not in SAFE_METHODS or named(view, "own-url"):
        return None
    parallel = is_parallel(view, service)
    clients = together(view, service)[-1].clients if parallel else _variant_clients(view, service)
    return Experiment("own-url", clients, SLACK_S + 2 * clients * service / 1e9, query="own")


def _same_new_url(view: OutsideView, service: int) -> Experiment | None:
    """Parallel with URLs of their own: is it the URL, or that it was new?"""
    if is_parallel(view, service):
        return DONE
    if not is_quicker(view, service, "own-url"):
        return None
    if named(view, "same-new-url"):
        return DONE
    clients = named(view, "own-url")[0].experiment.clients
    return Experiment("same-new-url", clients, SLACK_S + 2 * clients * service / 1e9, query="one")


def _again(view: OutsideView, service: int) -> Experiment | None:
    """Wider, until two rounds agree that no more run at once."""
    rounds, level = together(view, service), highest(view, service)
    most = MOST_TOGETHER_ROUNDS if service >= SHORT_NS else MOST_SHORT_ROUNDS
    many = 2 * max(FEWEST_TOGETHER, view.clients)
    if len(rounds) >= most or level >= many:
        return None
    if is_uneven(rounds, level):
        return _uneven_again(view, service, rounds, level)
    if is_stable(view, service):
        return None
    in_time = int(NEXT_ROUND_S * 1e9 / service) * level
    return _round(view, service, max(3, level + 1, min(4 * level + 4, in_time, MOST_CLIENTS)))


def _uneven_again(view: OutsideView, service: int, rounds: list[Steps], level: int) -> Experiment | None:
    """So wide that no worker can have been overlooked, as far as that is over in time."""
    clients = wider(rounds, level, view.deadline_ns - view.elapsed_ns)
    if clients is None or is_all(view, rounds, level):
        return None
    return _round(view, service, min(MOST_CLIENTS, clients))


def is_stable(view: OutsideView, service: int) -> bool:
    """Do the last two rounds agree, with nothing higher before, and had both more requests than that?

    A long and regular staircase needs no second one, unless its answers may be let through at a rate.
    """
    last_two = together(view, service)[-2:]
    level = highest(view, service)
    last = last_two[-1] if last_two else None
    if last and last.level == level and last.is_staircase_of(level) and not last.is_shaped:
        return True
    return len(last_two) == 2 and all(
        each.is_whole and each.level == level and each.clients > level for each in last_two
    )


def _silence(view: OutsideView, service: int) -> Experiment | None:
    """Do as many silent connections as it has workers stop it?"""
    level = highest(view, service)
    if service < SHORT_NS:
        level = 1
    elif level > MOST_SILENT or together(view, service)[-1].is_stretched:
        return None
    if named(view, "silence"):
        return None
    return Experiment("silence", 1, service / 1e9 + SILENCE_S, silent=level)


QUESTIONS = (
    _together,
    _refused,
    _no_cookies,
    _own_cookies,
    _beside,
    _own_url,
    _same_new_url,
    _again,
    _silence,
)
"""In the order in which they are asked; each gives None where it is answered or does not matter."""
