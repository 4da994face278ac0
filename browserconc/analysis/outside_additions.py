"""What is added to a verdict: that silent connections stop the server, that the rounds did not agree."""

from __future__ import annotations

from dataclasses import replace

from browserconc.analysis.outside_plan import SILENCE_S, is_stable, together
from browserconc.analysis.outside_rounds import lengths, named
from browserconc.model.outside import OutsideView, ServerView


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


def unstable(view: OutsideView, service: int) -> tuple[str, ...]:
    """The doubt that the rounds did not agree, if they did not."""
    if is_stable(view, service):
        return ()
    levels = ", ".join(str(each.level) for each in together(view, service))
    return (f"The number at once differed between rounds ({levels}).",)
