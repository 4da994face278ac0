"""What the server of a diagnosis does at once with the request that the tabs wait for, asked by raw sockets.

A stream or a WebSocket of the target's own is held open by as many sockets as there are tabs. Anything else
is examined from outside, by few experiments where the server is not ours, and then asked by all at once
where none of those experiments was such a round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from browserconc import diagnose_recording
from browserconc.analysis import diagnosis, outside, outside_plan
from browserconc.analysis.outside_trial import round_for
from browserconc.analysis.service import host_and_path
from browserconc.diagnose_recording import OUTSIDE, RAW
from browserconc.lab import outside as outside_lab
from browserconc.lab import raw_visit, visit
from browserconc.lab.process import Household
from browserconc.lab.reach import Place
from browserconc.lab.strategies.raw_socket import RawClientError
from browserconc.lab.workloads import of_others
from browserconc.model.outside import Experiment, OutsideView, ServerView
from browserconc.model.target import Target
from browserconc.pipeline import Progress

SLACK_S = 10.0
EXAMINATION_S = 20.0


class NotAskedError(Exception):
    """Raw sockets cannot make this request: one sentence, why."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a target is asked, with the cookies that its tabs have.

    `clients` is how many ask at once, `alone_s` how long one tab alone took; `folder` makes the next trial's.
    """

    target: Target
    place: Place
    clients: int
    alone_s: float
    household: Household
    out: Path
    progress: Progress
    folder: Callable[[str], Path]


async def ask(asking: Asking, url: str, *, in_time: Callable[[], bool]) -> ServerView | None:
    """What the server does with `url`, the target's or that of a part of its page; None where it is not told.

    `in_time` tells whether there is time for one more experiment.

    Raises:
        NotAskedError: raw sockets cannot make this request.
        RawClientError: they got nothing from it.
    """
    target = asking.target
    workload = of_others(target.workload)
    if workload.stays_open and host_and_path(url) == host_and_path(target.url):
        return await _held_open(asking, workload.slack_s)
    if not visit.same_origin(url, target.url):
        what = "a WebSocket" if url.startswith(("ws:", "wss:")) else "on another host"
        raise NotAskedError(f"{url} is {what}, so raw sockets did not try it.")
    if url != target.url:  # a part of the page, which is asked for without what the page was given
        target = replace(target, url=url, method="GET", body=None, workload="navigate")
    return await _examined(replace(asking, target=target), in_time)


async def _examined(asking: Asking, in_time: Callable[[], bool]) -> ServerView:
    private = asking.place.private
    asking.progress.trial_started(OUTSIDE, "raw sockets", asking.clients, asking.alone_s)
    try:
        view = await outside_lab.examine(
            asking.target,
            asking.household,
            asking.out / OUTSIDE,
            clients=asking.clients,
            deadline_s=EXAMINATION_S + 3 * asking.alone_s,
            tell=lambda text: None,
            plan=outside_plan.next_experiment if private else _gently,
            most_clients=None if private else asking.clients,
        )
        server = outside.judge(view)
        if round_for(view, asking.clients) is None and in_time():
            await _all_at_once(asking, asking.clients * asking.alone_s + SLACK_S)
    except RawClientError as problem:
        asking.progress.trial_ended(OUTSIDE, str(problem))
        raise
    asking.progress.trial_ended(OUTSIDE, diagnosis.in_short(server))
    return server


async def _held_open(asking: Asking, slack_s: float) -> ServerView | None:
    """How many streams or WebSockets the server takes at once, none being closed."""
    asking.progress.trial_started(RAW, "raw sockets", asking.clients, asking.alone_s)
    try:
        await _all_at_once(asking, round(asking.clients * asking.alone_s + slack_s, 1))
    except RawClientError as problem:
        asking.progress.trial_ended(RAW, str(problem))
        raise
    server = diagnose_recording.server(asking.out)
    asking.progress.trial_ended(RAW, diagnosis.in_short(server) if server else "undecided")
    return server


async def _all_at_once(asking: Asking, limit_s: float) -> None:
    into = asking.folder(RAW)
    await raw_visit.record(asking.target, asking.clients, into, household=asking.household, timeout_s=limit_s)


def _gently(view: OutsideView) -> Experiment | None:
    """The next experiment on a host of others: no silent connections."""
    planned = outside_plan.next_experiment(view)
    return None if planned is None or planned.silent else planned
