"""What is added to a verdict: silent connections that stop a server, requests it had read, unlike rounds."""

from __future__ import annotations

from dataclasses import replace

from browserconc.analysis.outside_plan import SILENCE_S, is_stable, together
from browserconc.analysis.outside_rounds import lengths, named, pending
from browserconc.model.outside import OutsideView, Round, ServerView

READ_SHARE = 0.8
"""In so many looks at requests that waited, none of them lay in the kernel."""
INSIDE = (
    "The server had read those that waited: they did so inside it or behind it, for a thread of its pool, a "
    "lock, a connection to a database or another server."
)


def silent_to_stop(view: OutsideView) -> int | None:
    """How many silent connections kept a request from being answered; None: not seen to."""
    for one in named(view, "silence"):
        usual = max(lengths(view, "alone"), default=0)
        latest_ns = one.released_ns + usual + SILENCE_S * 0.9e9
        if any(answer.done_ns is None or answer.done_ns > latest_ns for answer in one.answers):
            return one.experiment.silent
    return None


def with_silence(view: OutsideView, found: ServerView) -> ServerView:
    """The same, and that silence stops the server, if it does."""
    held = silent_to_stop(view)
    if held is None:
        return found
    line = f"{connections(held).capitalize()} that said nothing kept it from answering for {SILENCE_S:g} s."
    return replace(found, because=(*found.because, line), silence=held, also=(*found.also, "idle-connection"))


def connections(number: int) -> str:
    """So many connections in words."""
    return "one connection" if number == 1 else f"{number} connections"


def waiting_inside(one: Round, level: int) -> tuple[str, ...]:
    """That the requests beyond the `level` that run are no longer in the kernel's queues, if it was seen.

    Workers that take one request at a time leave the others unaccepted or unread.
    """
    looks = [look for look in one.looks if pending(one, look.at_ns) > level and look.accept_queue is not None]
    read = [look for look in looks if not look.accept_queue and look.unread == 0]
    return (INSIDE,) if len(looks) > 1 and len(read) >= READ_SHARE * len(looks) else ()


def unstable(view: OutsideView, service: int) -> tuple[str, ...]:
    """The doubt that the rounds did not agree, if they did not."""
    if is_stable(view, service):
        return ()
    levels = ", ".join(str(each.level) for each in together(view, service))
    return (f"The number at once differed between rounds ({levels}).",)
