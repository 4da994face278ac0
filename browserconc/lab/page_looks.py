"""Looks at the tabs of a trial from time to time: are they visible, are timers late, who holds which lock?

A look costs a tab a few milliseconds, so there are two a second at first and fewer later. A page that
cannot be asked, because it is on its way to another or crashed, is passed over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from browserconc.evidence.page_looks import LONGEST_NAME, PageLook
from browserconc.lab.browser import DriverError, Page

FIRST_S = 0.2
SLOWER = 1.25
LONGEST_PAUSE_S = 2.0
OFTEN_S = 0.5
OFTEN = 20
"""So many looks are no further apart than OFTEN_S; those that follow are fewer and fewer."""
ANSWER_TIMEOUT_S = 10.0
LAST_TIMEOUT_S = 1.2
"""When all is measured. A hidden tab answers within a second."""
TIMER_MS = 10
"""Chromium does not hold back the timers of a hidden tab that are set for at once."""

_LOOK = """async timer => {
  const begun = performance.now();
  await new Promise(resolve => setTimeout(resolve, timer));
  const late = Math.max(0, performance.now() - begun - timer);
  let held = [], pending = [];
  try {
    const locks = await navigator.locks.query();
    held = locks.held.map(lock => String(lock.name));
    pending = locks.pending.map(lock => String(lock.name));
  } catch (problem) {
    // no locks in this origin: it is not secure, or opaque
  }
  return {visible: document.visibilityState === "visible", late, held, pending};
}"""


_DATABASES = "async () => (await indexedDB.databases()).length"


async def databases(pages: Sequence[Page]) -> int:
    """How many databases of IndexedDB the page of any tab has; 0 where it has none, or does not tell.

    It is asked when all is measured, for the first question to an origin without databases makes room for
    them.
    """
    return max(await asyncio.gather(*map(_databases, pages)), default=0)


async def _databases(page: Page) -> int:
    with suppress(DriverError, TimeoutError):
        async with asyncio.timeout(LAST_TIMEOUT_S):
            return int(await page.evaluate(_DATABASES))
    return 0


@asynccontextmanager
async def looking(pages: Sequence[Page]) -> AsyncIterator[list[PageLook]]:
    """Looks until the block ends; gives the list that grows."""
    looks: list[PageLook] = []
    windows = [0] * len(pages)
    noting = [partial(_opened, windows, tab) for tab in range(len(pages))]
    for page, note in zip(pages, noting, strict=True):
        page.on("popup", note)
    over = asyncio.Event()
    task = asyncio.create_task(_look_again_and_again(pages, looks, windows, over))
    try:
        yield looks
    finally:
        over.set()
        # A page that was busy until its end, which is what is looked for, answers just now.
        with suppress(TimeoutError):
            await asyncio.wait_for(task, LAST_TIMEOUT_S)
        for page, note in zip(pages, noting, strict=True):
            page.remove_listener("popup", note)


def _opened(windows: list[int], tab: int, window: Page) -> None:
    windows[tab] += 1


async def _look_again_and_again(
    pages: Sequence[Page], looks: list[PageLook], windows: list[int], over: asyncio.Event
) -> None:
    pause_s, number = FIRST_S, 0
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), pause_s)
            return
        await asyncio.gather(*(_look(tab, page, looks, windows) for tab, page in enumerate(pages)))
        number += 1
        pause_s = min(pause_s * SLOWER, OFTEN_S if number < OFTEN else LONGEST_PAUSE_S)


async def _look(tab: int, page: Page, looks: list[PageLook], windows: list[int]) -> None:
    asked_ns = time.monotonic_ns()
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            seen = await page.evaluate(_LOOK, TIMER_MS)
    except (DriverError, TimeoutError):
        return
    looks.append(
        PageLook(
            tab,
            asked_ns,
            time.monotonic_ns(),
            bool(seen["visible"]),
            float(seen["late"]),
            tuple(name[:LONGEST_NAME] for name in seen["held"]),
            tuple(name[:LONGEST_NAME] for name in seen["pending"]),
            windows[tab],
        )
    )
