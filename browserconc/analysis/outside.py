"""What limits a server, from what raw sockets saw of it: a cause and a number, or why it is undecided."""

from __future__ import annotations

from dataclasses import replace

from browserconc.analysis import outside_locks, outside_processes, outside_queues
from browserconc.analysis.outside_plan import SHORT_NS, has_room, highest, is_parallel, together
from browserconc.analysis.outside_rounds import REFUSALS, lengths, named, service_ns, varies
from browserconc.analysis.outside_wording import alone, seconds, staircase
from browserconc.model.outside import OutsideView, ServerView

LOCKED = (
    "While requests with these cookies waited for each other, one without them was answered at once: a lock "
    "on the session holds them, or one inside the handler, or a narrow server behind a gateway that answered "
    "the other; it takes a second login to tell."
)

VARIED = "One request alone took"
"""How a sentence begins that tells of the shortest and the longest; one of them is enough."""


def judge(view: OutsideView) -> ServerView:
    """The server's limit and what sets it; every doubt is named."""
    service = service_ns(view)
    if service is None:
        return _unanswered(view)
    if not named(view, "together"):
        return _undecided(view, service, "There was no time to ask many at once.")
    if has_room(view, service):
        return replace(_undecided(view, service, LOCKED), limit=highest(view, service))
    for recognise in (
        outside_locks.refusing,
        outside_locks.session,
        outside_locks.coalescing,
        outside_locks.parallel,
        outside_queues.shaping,
        outside_queues.silence,
        outside_queues.backlog,
        outside_processes.computing,
        outside_processes.blocked_loop,
        outside_queues.width,
    ):
        if found := recognise(view, service):
            return replace(found, doubts=(*view.doubts, *found.doubts, *_doubts(view, service)))
    return _undecided(view, service, outside_queues.why_undecided(view, service))


def _unanswered(view: OutsideView) -> ServerView:
    answers = [answer for one in named(view, "alone") for answer in one.answers]
    error = next((answer.error for answer in answers if answer.error), "it was not asked")
    doubt = f"One request alone was not answered ({error}), so nothing can be said of many."
    return ServerView(None, None, None, (), None, (*view.doubts, doubt))


def _undecided(view: OutsideView, service: int, why: str) -> ServerView:
    because = (alone(service), *(staircase(each) for each in together(view, service)[:1]))
    others = [doubt for doubt in _doubts(view, service) if not (VARIED in doubt and VARIED in why)]
    return ServerView(None, None, None, because, service, (*view.doubts, why, *others))


def _doubts(view: OutsideView, service: int) -> tuple[str, ...]:
    found = []
    statuses = {answer.status for one in named(view, "alone") for answer in one.answers if answer.status}
    if bad := sorted(status for status in statuses if status >= 400 and status not in REFUSALS):
        found.append(f"Even one request alone was answered with status {bad[0]}.")
    if moved := sorted(status for status in statuses if 300 <= status < 400):
        found.append(f"One request alone was redirected (status {moved[0]}); where to was not asked.")
    if varies(view):
        alone_ns = lengths(view, "alone")
        least, most = seconds(min(alone_ns)), seconds(max(alone_ns))
        if least != most:
            found.append(f"One request alone took {least} to {most}, so the number at once is less sure.")
    busy = [one.busy_share for one in named(view, "together") if one.busy_share is not None]
    if busy and min(busy) >= outside_processes.BUSY:
        found.append("This machine's processors were busy all the time, so answers came later than need be.")
    rounds = together(view, service)
    if not is_parallel(view, service) and service < SHORT_NS and rounds:
        found.append(
            f"{service / 1e6:.0f} ms alone is so short that what else the machine does counts as much."
        )
    return tuple(found)
