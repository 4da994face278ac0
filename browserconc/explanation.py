"""Why requests waited, by a log that somebody else made.

The same causes as in `pipeline.py` judge it. Nothing is measured here, and nothing is started, so
neither the lab nor a browser's driver is loaded. `explain_recording.py` does it for our own recordings.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from browserconc import this_machine
from browserconc.analysis.pages import Observed, pages
from browserconc.analysis.pages_summary import summarise
from browserconc.analysis.socket_pools import HOST, POOL, PROXY, WEBSOCKETS, sockets_when_stalled
from browserconc.analysis.sockets import network
from browserconc.evidence import foreign
from browserconc.evidence.foreign import Foreign
from browserconc.evidence.log_file import LogError
from browserconc.evidence.secrets import masked
from browserconc.model.finding import Result

__all__ = ["Choice", "LogError", "explain", "explain_log"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which requests are of interest: those whose address matches, and that began late enough.

    In `url` a `*` stands for any text; without one it may stand anywhere in the address. `since_s`
    counts from the first event of the log.
    """

    url: str | None = None
    since_s: float = 0.0

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.url is None and not self.since_s


def explain(path: Path, choice: Choice) -> Result:
    """The result for a log.

    Raises:
        LogError: it cannot be read, is of no known kind, or holds no request that was asked for.
    """
    with _without_collector():
        log = foreign.read(path, url=choice.url, since_ns=round(choice.since_s * 1e9))
        return explain_log(log, path, choice)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Nothing here makes cycles, and the collector would walk through all requests again and again.

    Afterwards it would once more, because they are all young: freezing and thawing makes them old.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():  # what a program froze itself stays frozen
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def pool_limits(log: Foreign) -> dict[str, int | None]:
    """By cause: how many sockets a pool, or a host in it, may hold; by the log, else counted."""
    stated = {HOST: log.max_sockets_per_group, **log.pool_limits}
    return {
        cause: stated.get(cause) or sockets_when_stalled(log.tracks, log.last_ns, cause)
        for cause in (HOST, POOL, PROXY, WEBSOCKETS)
    }


def explain_log(log: Foreign, path: Path, choice: Choice, *, command: str = "explain") -> Result:
    """The result for a log that was read from `path`, as the given command has it.

    Raises:
        LogError: it holds no request that was asked for.
    """
    if not log.tracks:
        which = "no request" if choice.everything else "no request that matches --url and --since"
        raise LogError(f"{path} holds {which}; open the pages while it is recorded.")
    limits = pool_limits(log)
    net = network(log.tracks, log.last_ns, limits, masked)
    observed = Observed(
        log.tracks,
        log.last_ns,
        {**limits, "max_sockets_per_group": limits[HOST]},
        log.errors,
        tuple(log.doubts),
        masked,
    )
    trials = tuple(pages(observed))
    environment = this_machine.environment(log.browser)
    return Result(command, environment, trials, summarise(trials), str(path), net)
