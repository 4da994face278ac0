"""Timers of a tab that nobody sees: how far apart the browser lets them run, and how soon.

Playwright tells every tab that it is visible and switches the throttling off. So the browser is started
once more as users start it, without that.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from statistics import median

from browserconc.lab.browser import BrowserError
from browserconc.lab.holding_server import HoldingServer
from browserconc.lab.limit_bench import Bench, Measurement, loaded
from browserconc.model.limit import Reading

WATCHED_MS = 6500
LATE_MS = 500.0
"""A timer of 50 ms that is so late was held back, also on a busy machine."""
_TICKS = """async most => {
  let hidden = null;
  const ticks = [];
  await new Promise(done => {
    const tick = () => {
      const now = performance.now();
      if (hidden === null && document.visibilityState === "hidden") hidden = now;
      if (hidden !== null) ticks.push(now - hidden);
      if (ticks.length ? now - hidden > most : now > 2 * most) done(); else setTimeout(tick, 50);
    };
    tick();
  });
  return ticks;
}"""
"""A chain of timers of 50 ms; the instants (ms) at which they ran since the tab was hidden."""
_NOT_LONGER = "how rarely they run after five minutes was not tried"


async def _hidden(bench: Bench) -> Reading:
    async with HoldingServer() as server, bench.as_users_start_it() as browsers:
        context = await browsers.shared()
        page = await loaded(context, server.origin())
        watching = asyncio.create_task(page.evaluate(_TICKS, WATCHED_MS))
        try:
            await loaded(context, server.origin())  # in front of it
            ticks: list[float] = await watching
        finally:
            watching.cancel()
    if not ticks:
        raise BrowserError("No tab was hidden: one that another is opened in front of stays visible here.")
    return between(ticks)


def between(ticks: list[float]) -> Reading:
    """The usual distance (s) of timers that were held back; None where none was.

    `ticks` are instants (ms) since the tab was hidden.
    """
    gaps = [(begin, end - begin) for begin, end in pairwise(ticks)]
    late = [(begin, gap) for begin, gap in gaps if gap >= LATE_MS]
    tried = WATCHED_MS / 1000
    # One long pause is a busy machine's; throttling goes on.
    if sum(gap for _, gap in late) < ticks[-1] / 2:
        return Reading(None, tried, _NOT_LONGER)
    begun_s = max(0.0, late[0][0]) / 1000
    soon = "at once" if begun_s < 1 else f"after {begun_s:.0f} s"
    return Reading(round(median(gap for _, gap in late) / 1000, 1), tried, f"{soon}; {_NOT_LONGER}")


MEASUREMENTS = (
    Measurement(
        "hidden-tab-timers",
        "s apart",
        "1; 60 after 5 min",
        "In a tab behind another timers run so rarely; Playwright's tabs all count as visible.",
        _hidden,
        repeats=1,
        quick=False,
    ),
)
