"""What one round of requests at once shows: how many were answered together, how late, how evenly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from browserconc.model.outside import Answer, OutsideView, Round

REFUSALS = (429, 503)
"""Too Many Requests, and Service Unavailable, which servers and proxies say for the same reason."""
PARALLEL = 1.6
"""The last of requests that all run at once is done before this many service times; else it would be two."""
SOONEST = 0.85
"""So much shorter than the shortest of several alone a service time may be later."""
SURE_STEPS, LATEST = 5, 1.25
"""A staircase of so many steps, not much longer than its steps together, is no accident."""
STEP = 0.6
"""Answers that come within this part of a service time belong to one step."""
VARIES = 1.15
STRETCHED = 1.6
"""If even the first answer takes so many service times, requests slow each other down."""
LONG_ROUND, MOSTLY = 4, 0.7
"""A round with more steps shows what is left to whom at its end; so many of these steps must be equal."""
SYN_AGAIN_NS = 900_000_000
"""The first retransmission of a SYN comes after a second (RFC 6298)."""
LEAST_SPACING_NS = 5_000_000
"""Answers that come sooner after each other came together."""
SHAPED = 1.8
"""A spacing that is so many times as long as the service time, or as short, is not the server's own."""
EVEN = 0.25
"""Distances between answers that differ by less than this part of their median are even."""


def named(view: OutsideView, *names: str) -> list[Round]:
    """The rounds of these experiments, in the order in which they were carried out."""
    return [each for each in view.rounds if each.experiment.name in names]


def is_served(answer: Answer) -> bool:
    """Was it answered, and not refused?"""
    return answer.error is None and answer.status is not None and answer.status not in REFUSALS


def lengths(view: OutsideView, name: str) -> list[int]:
    """How long each answered request of the rounds of that name took, from sent to done (ns).

    A refusal is quick and no measure of the work: where any was served, refusals do not count.
    """
    answered = [a for one in named(view, name) for a in one.answers if a.error is None]
    return [
        answer.done_ns - answer.sent_ns
        for answer in ([a for a in answered if is_served(a)] or answered)
        if answer.done_ns is not None and answer.sent_ns is not None
    ]


def is_cached(view: OutsideView) -> bool:
    """Was only the first request for this URL work, and is one for a new URL work again?"""
    alone, fresh = lengths(view, "alone"), lengths(view, "alone-new-url")
    return looks_cached(view) and bool(fresh) and min(fresh) > max(alone[1:]) * 2


def looks_cached(view: OutsideView) -> bool:
    """Took the first request much longer than all that followed? A cache does that, and a cold start."""
    alone = lengths(view, "alone")
    return len(alone) > 1 and alone[0] > 50_000_000 and max(alone[1:]) < alone[0] * 0.3


def varies(view: OutsideView) -> bool:
    """Did one request alone take clearly longer at one time than at another?"""
    alone = lengths(view, "alone")
    return len(alone) > 1 and not looks_cached(view) and max(alone) > VARIES * min(alone)


def service_ns(view: OutsideView) -> int | None:
    """How long one request takes alone: the shortest seen, for a busy machine only adds to it."""
    if is_cached(view):
        return min(lengths(view, "alone-new-url") + lengths(view, "alone")[:1])
    return min(lengths(view, "alone"), default=None)


@dataclass(frozen=True, slots=True)
class Steps:
    """The answers of one round by the time from the first request sent to each answer (ns, ascending)."""

    clients: int
    done_ns: tuple[int, ...]
    refused: int
    service_ns: int

    @property
    def is_whole(self) -> bool:
        """Was every request served?"""
        return len(self.done_ns) == self.clients

    @property
    def last_ns(self) -> int:
        """When the last answer was there."""
        return self.done_ns[-1] if self.done_ns else 0

    @property
    def is_parallel(self) -> bool:
        """Were all served in the time of one, though not in that of two?"""
        return self.is_whole and self.last_ns < PARALLEL * self.service_ns

    @property
    def is_stretched(self) -> bool:
        """Was even the first answer late?"""
        return bool(self.done_ns) and self.done_ns[0] >= STRETCHED * self.service_ns

    @property
    def level(self) -> int:
        """The answers of the first step: so many ran at once at least, and no straggler is among them."""
        return sum(each < (1 + STEP) * self.service_ns for each in self.done_ns)

    def can_be_of(self, width: int) -> bool:
        """Could a server of this width have been so quick? It needs a service time for each step."""
        return all(
            each >= SOONEST * self.service_ns * -(-number // width)
            for number, each in enumerate(self.done_ns, start=1)
        )

    def is_staircase_of(self, width: int) -> bool:
        """Did so many answers come at a time, step after step, neither sooner nor much later?"""
        number = -(-self.clients // max(width, 1))
        latest = LATEST * number * self.service_ns
        return number >= SURE_STEPS and self.is_whole and self.can_be_of(width) and self.last_ns <= latest

    @property
    def late_share(self) -> float:
        """The part of the requests that were not served in the time of one."""
        in_time = sum(each < PARALLEL * self.service_ns for each in self.done_ns)
        return 1 - in_time / self.clients

    @property
    def at_once(self) -> float:
        """How many service times were done in the time of one, on the mean."""
        return len(self.done_ns) * self.service_ns / self.last_ns if self.last_ns else 0.0

    @property
    def spacing_ns(self) -> int | None:
        """The distance between the answers, if they came one by one and evenly."""
        gaps = [after - before for before, after in pairwise(self.done_ns)]
        if len(gaps) < 4:
            return None
        usual, mean = median(gaps), sum(gaps) / len(gaps)
        odd = sum(abs(gap - usual) > EVEN * usual for gap in gaps)
        even = abs(usual - mean) <= EVEN * mean and odd <= len(gaps) // 5
        return round(usual) if even and usual >= LEAST_SPACING_NS else None

    @property
    def is_shaped(self) -> bool:
        """Did the answers come evenly at a distance that is not the server's own?"""
        spacing = self.spacing_ns
        return spacing is not None and not 1 / SHAPED < spacing / self.service_ns < SHAPED

    def waves(self) -> list[tuple[int, int]]:
        """The steps as (number of answers, when the last of them came)."""
        found: list[list[int]] = []
        for each in self.done_ns:
            if found and each - found[-1][0] < STEP * self.service_ns:
                found[-1].append(each)
            else:
                found.append([each])
        return [(len(step), step[-1]) for step in found]


def last_steps(rounds: Sequence[Steps]) -> int | None:
    """The number of answers in each of the last steps but one of long rounds; None where they differ."""
    late = [count for each in rounds if len(each.waves()) > LONG_ROUND for count, _ in each.waves()[-3:-1]]
    count, times = Counter(late).most_common(1)[0] if late else (0, 0)
    return count if times > MOSTLY * len(late) else None


def steps(one: Round, service: int) -> Steps:
    """The answers of a round; the clock starts when the first request was sent."""
    began = min((a.sent_ns for a in one.answers if a.sent_ns is not None), default=one.released_ns)
    done = sorted(a.done_ns - began for a in one.answers if is_served(a) and a.done_ns is not None)
    refused = sum(a.error is None and a.status in REFUSALS for a in one.answers)
    return Steps(len(one.answers), tuple(done), refused, max(service, 1))


def is_like(variant: Round, view: OutsideView, service: int) -> bool:
    """Did a changed request get the same kind of answer, with as much work, as the user's own?"""
    usual = {answer.status for one in named(view, "alone") for answer in one.answers}
    seen = {answer.status for answer in variant.answers}
    done = steps(variant, service).done_ns
    return seen <= usual and bool(done) and done[0] >= service / 2


def connecting_again_ns(one: Round) -> tuple[int, int]:
    """(requests, ns): those whose connection needed a SYN sent again, and how long they connected."""
    late = []
    for answer in one.answers:
        if answer.connect_start_ns is None or not answer.retransmits:
            continue
        until = answer.connected_ns if answer.connected_ns is not None else _end_ns(one)
        if until - answer.connect_start_ns >= SYN_AGAIN_NS:
            late.append(until - answer.connect_start_ns)
    return len(late), sum(late)


def waiting_ns(one: Round, service: int) -> int:
    """All time that the requests of a round took beyond their service time."""
    ends = [answer.done_ns if answer.done_ns is not None else _end_ns(one) for answer in one.answers]
    return sum(max(0, end - one.released_ns - service) for end in ends)


def _end_ns(one: Round) -> int:
    known = [a.done_ns for a in one.answers if a.done_ns is not None] + [look.at_ns for look in one.looks]
    return max(known, default=one.released_ns)


def pending(one: Round, at_ns: int) -> int:
    """How many requests of the round were sent and not answered at that instant."""
    return sum(
        answer.sent_ns is not None
        and answer.sent_ns < at_ns
        and (answer.done_ns is None or answer.done_ns > at_ns)
        for answer in one.answers
    )


def bodies(rounds: Sequence[Round]) -> list[str]:
    """The digests of all bodies of these rounds."""
    return [answer.body for one in rounds for answer in one.answers if is_served(answer) and answer.body]
