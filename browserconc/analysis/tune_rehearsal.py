"""What a search would ask for on a machine like this: the same search, against an imagined machine.

The figures are those of one machine (Chromium 156, two cores), so the plan is a guess; the search itself
guesses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from browserconc.analysis.tune import tune
from browserconc.model.crawl import Pressure
from browserconc.model.tuning import Ask, Ceiling, Setting, Window

PAGE_S, CPU_S_PER_PAGE = 0.4, 0.15
FIXED_S = 0.3
PAGE_TIMES = 2
"""Before and after a window every tab loads a page that hardly counts."""
BROWSER_BYTES, CONTEXT_BYTES, TAB_BYTES = 155_000_000, 35_000_000, 20_000_000
BROWSER_S, CONTEXT_S, TAB_S = 0.6, 0.12, 0.08
MOST_ASKS = 1_000


@dataclass(frozen=True, slots=True)
class Expected:
    """One window of the plan: what it would cost and take."""

    ask: Ask
    took_ns: int
    memory_bytes: int


def rehearse(ceiling: Ceiling, cpus: int, headroom_bytes: int | None) -> Iterator[Expected]:
    """The windows in the order in which they would be asked for."""
    search = tune(Setting(), ceiling)
    ask = next(search)
    for _ in range(MOST_ASKS):
        window = _imagined(ask, ceiling, cpus, headroom_bytes)
        yield Expected(ask, window.took_ns, window.pool_bytes or 0)
        try:
            ask = search.send(window)
        except StopIteration:
            return


def _imagined(ask: Ask, ceiling: Ceiling, cpus: int, headroom_bytes: int | None) -> Window:
    setting = ask.setting
    rate = min(setting.total / PAGE_S, cpus / CPU_S_PER_PAGE, ceiling.rate or 1e9)
    took_s = ask.window_ns / 1e9 + FIXED_S + PAGE_TIMES * setting.total / rate
    if ask.alone:
        contexts = setting.browsers * setting.contexts
        took_s += setting.browsers * BROWSER_S + contexts * CONTEXT_S + setting.total * TAB_S
    memory = (
        setting.browsers * BROWSER_BYTES
        + setting.browsers * setting.contexts * CONTEXT_BYTES
        + setting.total * TAB_BYTES
    )
    page_ns = round(setting.total / rate * 1e9)
    pages = max(1, round(rate * ask.window_ns / 1e9))
    return Window(
        pages_per_s=rate,
        rates=(rate,),
        durations_ns=(page_ns,) * pages,
        ages=(1,) * pages,
        errors=0,
        crashes=0,
        window_ns=ask.window_ns,
        took_ns=round(took_s * 1e9),
        cpu_share=min(1.0, rate * CPU_S_PER_PAGE / cpus),
        others_share=0.0,
        cpu_ns=round(pages * CPU_S_PER_PAGE * 1e9),
        memory_bytes=memory if ask.alone else None,
        pool_bytes=memory,
        pressure=Pressure(None if headroom_bytes is None else max(0, headroom_bytes - memory)),
    )
