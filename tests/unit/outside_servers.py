"""Servers in a few lines of arithmetic: when would each request of an experiment be answered?

They stand in for no program; they are what the judgement must tell apart, with the scatter of a busy machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from browserconc.analysis.outside import judge
from browserconc.analysis.outside_plan import next_experiment
from browserconc.model.outside import Answer, Experiment, LocalServer, OutsideView, Round, ServerView

MS = 1_000_000


@dataclass
class Server:
    """A queue before `width` workers (or many); `lock` says what requests exclude each other by.

    Of `uneven` workers, which accept for themselves, some have two requests while others have none.
    `service_ms` is the work on one request; `scatter` is the part of it that the machine adds at most, and
    one in twenty is late by up to as much as `straggle`. With `rate_ms` something lets one through per so
    many ms; with `places` more than so many at once are refused. `merges` answers equal URLs with one
    work; `login` sends away who has no cookies.
    """

    service_ms: float = 300.0
    width: int | None = None
    uneven: bool = False
    lock: str | None = None
    rate_ms: float | None = None
    places: int | None = None
    merges: bool = False
    scatter: float = 0.0
    straggle: float = 0.0
    sets_cookies: bool = False
    login: bool = False
    seed: int = 0
    chance: random.Random = field(init=False)
    now_ns: int = 10**12

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def asked(self, experiment: Experiment) -> Round:
        """What raw sockets would see of one experiment."""
        released = self.now_ns
        answers = []
        free = [0.0] * (self.width or experiment.clients)
        locks: dict[object, float] = {}
        admitted = 0.0
        inside: list[float] = []
        for index in range(experiment.clients):
            sent = index * 0.2
            key = self._key(experiment, index)
            if self.login and isinstance(key, tuple):
                answers.append(self._answer(released, sent, sent + 3, 302, 0))
                continue
            work = self.service_ms * (1 + self.chance.uniform(0, self.scatter))
            if self.chance.random() < 0.05:
                work += self.service_ms * self.chance.uniform(0, self.straggle)
            worker = self.chance.randrange(len(free)) if self.uneven else free.index(min(free))
            begin = max(sent, free[worker], locks.get(key, 0.0) if key is not None else 0.0)
            if self.rate_ms:
                begin, admitted = max(begin, admitted), max(begin, admitted) + self.rate_ms
            if self.places is not None and sum(end > sent for end in inside) >= self.places:
                answers.append(self._answer(released, sent, sent + 2, 429, index))
                continue
            end = locks.get(key, begin + work) if self.merges and key in locks else begin + work
            free[worker] = end
            inside.append(end)
            if key is not None:
                locks[key] = end
            answers.append(self._answer(released, sent, end, 200, index if not self.merges else hash(key)))
        last = max(answer.done_ns or 0 for answer in answers)
        self.now_ns = last + 200 * MS
        return Round(experiment, released, tuple(answers))

    def _key(self, experiment: Experiment, index: int) -> object:
        if self.lock == "cookie":
            last = index == experiment.clients - 1 and experiment.cookies == "all but the last"
            return (experiment.cookies, index) if last or experiment.cookies in ("none", "own") else "one"
        if self.lock == "url":
            return {"as-is": "one", "one": "one", "own": ("own", index)}[experiment.query]
        return None

    def _answer(self, released: int, sent: float, end: float, status: int, body: int) -> Answer:
        at = released + round(sent * MS)
        done = released + round(end * MS)
        return Answer(at, at, at, done, done, status, None, 0, 100, body=f"{body}-{released}")


def examined(
    server: Server, *, clients: int = 10, deadline_s: float = 60.0, local: LocalServer | None = None
) -> tuple[OutsideView, ServerView]:
    """The whole examination of such a server, and its judgement."""
    view = OutsideView(
        method="GET",
        clients=clients,
        began_ns=server.now_ns,
        deadline_ns=round(deadline_s * 1e9),
        elapsed_ns=0,
        rounds=(),
        cookies=None,
        own_cookies=False,
        local=local,
        cores=2,
    )
    while experiment := next_experiment(view):
        one = server.asked(experiment)
        view = replace(
            view,
            rounds=(*view.rounds, one),
            elapsed_ns=server.now_ns - view.began_ns,
            cookies="set by the server" if server.sets_cookies else None,
            own_cookies=server.sets_cookies and any(r.experiment.cookies == "none" for r in view.rounds),
        )
    return view, judge(view)
