"""One Visit → one Recording: tabs of a URL that is not ours, let go together, and what they asked for.

Nothing is known of the server and nothing of it is started or changed. Nothing is concluded here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from browserconc import recording
from browserconc.evidence import client, page_log, page_looks
from browserconc.evidence.browser_logs import named
from browserconc.evidence.client import ClientLine
from browserconc.evidence.page_log import PageLine
from browserconc.evidence.secrets import masked
from browserconc.lab import machine_load, release, send
from browserconc.lab.browser import BrowserError, Browsers, DriverError, Page, Tabs, first_line
from browserconc.lab.observe import observed
from browserconc.lab.open_files import TooFewFilesError
from browserconc.lab.page_load import CRASHED, PageLoads
from browserconc.lab.page_looks import databases, looking
from browserconc.lab.perform import perform
from browserconc.lab.process import ProcessError
from browserconc.lab.process_tree import browser_cpu_ns, browser_memory_bytes
from browserconc.lab.strategies import STRATEGIES
from browserconc.lab.workloads import of_others
from browserconc.model.target import Target, Visit
from browserconc.recording import Manifest, Recording

Cookie = dict[str, Any]
"""A cookie with all its attributes, as Playwright gives and takes it: a secret."""
Tell = Callable[[int], None]
"""Told how many tabs are done."""
QUIESCE_TIMEOUT_S = 5.0


async def record(
    visit: Visit,
    target: Target,
    into: Path,
    *,
    browsers: Browsers,
    evidence: Collection[str] = (),
    tell: Tell = lambda done: None,
    let_go: Callable[..., Awaitable[release.Released]] = release.navigate,
    before: Callable[[Tabs], Awaitable[None]] | None = None,
    after: Callable[[Tabs, Sequence[PageLine]], Awaitable[None]] | None = None,
) -> Recording:
    """Opens the tabs, lets them go, and leaves the recording in `into`.

    `evidence` is what the browser is asked for meanwhile (see `observe.py`).
    A visit that fails leaves a recording too, with the sentence that says why in its manifest. `let_go`
    takes what `release.navigate` takes and may do something else with the tabs. `before`
    is given the tabs before they are let go; `after`, when all is measured and they are still open, also
    what they asked for.
    """
    manifest = Manifest(
        id=visit.id,
        strategy=visit.strategy,
        server=None,
        server_stated=None,
        url=masked(visit.url),
        tabs=visit.tabs,
        delay_s=None,
        repeat=1,
        workload=target.workload,
    )
    recording.save(into, replace(manifest, error="The run was killed in the middle of this trial."))
    tabs: Tabs | None = None
    try:
        opening = STRATEGIES[visit.strategy].open
        assert opening
        tabs = await opening(browsers, visit.tabs)
        if before:
            await before(tabs)
        if not target.is_navigated_to:
            await send.open_origin(tabs.pages, _urls(visit))
        manifest = replace(
            manifest,
            prepared_ns=time.monotonic_ns(),
            doubts=(*manifest.doubts, *tabs.doubts),
        )
        manifest = named(manifest, tabs.logs, into)
        asked: list[PageLine] = []
        secret_headers = [name for name, _ in target.headers]
        async with observed(tabs, evidence, into, secret_headers) as unseen:
            manifest = await _measure(visit, target, tabs, into, manifest, tell, asked, let_go)
        manifest = replace(manifest, doubts=(*manifest.doubts, *unseen))
        if after:
            await after(tabs, asked)
    except (BrowserError, ProcessError, TooFewFilesError) as problem:
        manifest = replace(manifest, error=str(problem), ended_ns=time.monotonic_ns())
    except OSError as problem:
        reason = f"The trial's files or sockets failed ({problem.strerror or problem})."
        manifest = replace(manifest, error=reason, ended_ns=time.monotonic_ns())
    except asyncio.CancelledError:
        manifest = replace(manifest, error="Interrupted.", ended_ns=time.monotonic_ns())
        raise
    finally:
        try:
            recording.save(into, manifest)
        finally:
            if tabs:
                await _closed(tabs)
    return Recording(into, manifest)


async def _measure(
    visit: Visit,
    target: Target,
    tabs: Tabs,
    into: Path,
    manifest: Manifest,
    tell: Tell,
    asked: list[PageLine],
    let_go: Callable[..., Awaitable[release.Released]],
) -> Manifest:
    urls = _urls(visit)
    facts = manifest.facts
    facts["browser"] = tabs.identity()
    gates: list[str] = []
    facts["gates"] = gates
    done = 0

    def finished() -> None:
        nonlocal done
        done += 1
        tell(done)

    load_before = machine_load.Reading.take()
    cpu_before = browser_cpu_ns()
    loads = PageLoads(tabs.pages, target.wait_for, gates=gates)
    lines: list[ClientLine] = []
    released: release.Released | None = None
    try:
        async with looking(tabs.pages) as looks:
            if target.is_navigated_to:
                released = await let_go(
                    tabs.pages, urls, visit.timeout_s, finished, lines, gates, loads.arrive
                )
            elif target.method != "GET":
                released = await send.send(tabs.pages, urls, target, visit.timeout_s, finished)
            else:
                workload = of_others(target.workload)
                released = await perform(tabs.pages, urls, workload, visit.timeout_s, finished, are_open=True)
        page_looks.write(into / page_looks.FILE, looks)
        lines = [_after_crash(line, loads) for line in released.lines]
    finally:
        loads.stop()
        client.write(into / client.FILE, [replace(line, url=masked(line.url)) for line in lines])
        page_log.write(into / page_log.FILE, loads.lines)
        asked += loads.lines
    facts.update(machine_load.Reading.take().since(load_before))
    cpu_ns = max(0, browser_cpu_ns() - cpu_before) if tabs.is_ours else None
    facts["databases"] = await databases(tabs.pages)
    doubts: tuple[str, ...] = ()
    if loads.restless:
        doubts = (
            f"{len(loads.restless)} of {visit.tabs} tabs never came to rest; what they asked for "
            "5 s after their load event is left out. --wait-for says what to wait for instead.",
        )
    if loads.unread:
        doubts += (
            f"{len(loads.unread)} of the tabs' fetch() calls had their headers and no end: a script that "
            "does not read the body leaves it open. They count until their headers.",
        )
    return replace(
        manifest,
        doubts=(*manifest.doubts, *doubts),
        released_ns=released.released_ns,
        ended_ns=max([released.released_ns, *(line.done_ns or released.ended_ns for line in released.lines)]),
        startup_ns=tabs.startup_ns,
        cpu_ns=cpu_ns,
        memory_bytes=browser_memory_bytes(but=tabs.processes_before) if tabs.is_ours else None,
    )


def _after_crash(line: ClientLine, loads: PageLoads) -> ClientLine:
    """A script in a page that crashed says that its request failed, or nothing, but not why."""
    return replace(line, error=CRASHED) if line.error and loads.crashed(line.index) else line


def _urls(visit: Visit) -> list[str]:
    address = STRATEGIES[visit.strategy].address
    return [address(visit.url, index) for index in range(visit.tabs)]


async def _closed(tabs: Tabs) -> None:
    for restore in tabs.after_trial:
        await restore()
    tabs.after_trial.clear()
    # A tab that stays open must neither go on loading nor keep its streams.
    await asyncio.gather(*(_emptied(page) for page in tabs.pages))
    await tabs.close()


async def _emptied(page: Page) -> None:
    with suppress(DriverError):
        await page.goto("about:blank", timeout=QUIESCE_TIMEOUT_S * 1000)


def address_of(page: Page) -> str:
    """The address that a tab has arrived at, where no redirect leads on."""
    return page.url


async def cookies_of(page: Page) -> list[Cookie]:
    """The cookies that this tab's context has by now, those set by the server too.

    Raises:
        BrowserError: the browser does not tell.
    """
    try:
        return [{**cookie} for cookie in await page.context.cookies()]
    except DriverError as problem:
        raise BrowserError(f"The browser does not tell its cookies: {first_line(problem)}.") from problem


async def give_cookies(tabs: Tabs, cookies: Sequence[Cookie]) -> None:
    """Gives the tabs' contexts cookies as an earlier visit would have left them.

    Raises:
        BrowserError: the browser does not take them.
    """
    given: Any = list(cookies)
    try:
        for context in {page.context for page in tabs.pages} if given else ():
            await context.add_cookies(given)
    except DriverError as problem:
        raise BrowserError(f"The browser does not take its own cookies: {first_line(problem)}.") from problem


async def sent_to(page: Page, url: str) -> tuple[tuple[str, str], ...]:
    """Name and value of the cookies that this tab's context would send to `url`.

    Raises:
        BrowserError: the browser does not tell.
    """
    try:
        found = await page.context.cookies(url)
    except DriverError as problem:
        raise BrowserError(f"The browser does not tell its cookies: {first_line(problem)}.") from problem
    return tuple((str(cookie.get("name", "")), str(cookie.get("value", ""))) for cookie in found)


def same_origin(one: str, other: str) -> bool:
    """Have both addresses the same scheme, host and port?"""
    ours, theirs = urlsplit(one), urlsplit(other)
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
