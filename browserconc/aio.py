"""The library for programs that run an event loop: `await browserconc.aio.compare(tabs=10)`.

The same functions as in `browserconc` itself, with the same arguments and results.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from browserconc import (
    diagnosis,
    explanation,
    observation,
    pipeline,
    profile,
    recorded,
    recording,
)
from browserconc.lab.process import Household
from browserconc.model.target import Target
from browserconc.outcome import Result, in_one_sentence
from browserconc.pipeline import Progress

__all__ = ["compare", "diagnose", "explain", "watch"]


async def compare(
    run_profile: str | Path | None = None,
    *,
    tabs: int | None = None,
    delay: float | None = None,
    server: str | None = None,
    strategies: str | Iterable[str] | None = None,
    repeat: int | None = None,
    timeout: float | None = None,  # noqa: ASYNC109 - of each trial, as --timeout
    browser: str | None = None,
    headed: bool | None = None,
    evidence: str | Iterable[str] | None = None,
    switches: Iterable[str] | None = None,
    work: str | None = None,
    out: str | Path | None = None,
) -> Result:
    """The same work through raw sockets and browser strategies, as `browserconc compare`.

    Args:
        run_profile: the name of a run profile, or the path of one; what is given beside it wins.
        tabs: how many requests at once.
        delay: seconds the endpoint works on each.
        server: what serves the endpoint, such as "gunicorn-sync:4".
        strategies: names, or "all".
        repeat: how often to run each trial.
        timeout: the longest time for one trial, in seconds.
        browser: "chromium", a channel or the path of an executable.
        headed: whether to show the windows.
        evidence: of "netlog", "trace" and "cdp"; or "none".
        switches: more switches for the browser.
        work: "sleep", "compute" or "block".
        out: the folder of the recording, which must not hold another; by default one in the user's cache.

    Raises:
        ValueError: a name that does not exist, or a value out of range.
        MeasurementError: nothing could be measured.
    """
    with in_one_sentence():
        plan = profile.plan(
            profile.load(run_profile) if run_profile else None,
            tabs=tabs,
            delay=delay,
            server=server,
            strategies=_names(strategies),
            repeat=repeat,
            timeout=timeout,
            browser=browser,
            headed=headed,
            evidence=_names(evidence),
            switches=None if switches is None else tuple(switches),
            work=work,
        )
        folder = _folder(out)
        await pipeline.compare(plan, folder, Progress())
        return Result.of(await asyncio.to_thread(recorded.analyze, folder))


async def diagnose(
    url: str,
    *,
    tabs: int | None = None,
    wait_for: str = "rest",
    workload: str | None = None,
    http: str | None = None,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
    body: bytes | None = None,
    storage_state: str | Path | None = None,
    login: str | Path | None = None,
    verify_tls: bool = True,
    i_may_load_this_host: bool = False,
    timeout: float | None = None,  # noqa: ASYNC109 - of one tab, as --timeout
    browser: str = "chromium",
    headed: bool = False,
    out: str | Path | None = None,
) -> Result:
    """Why the tabs of a URL do not load in parallel, as `browserconc diagnose`.

    Headers, cookies and body are sent, and neither kept nor shown. `workload` is how each tab asks
    ("fetch", "sse", …), `http` the version that browsers speak, "1.1" or "2".

    Raises:
        ValueError: a name that does not exist.
        MeasurementError: the URL cannot be loaded, or is a host of others.
    """
    with in_one_sentence():
        address, asked = profile.asked_for(url, workload)
    target = Target(
        url=address,
        method=method.upper(),
        headers=tuple((headers or {}).items()),
        cookies=tuple((cookies or {}).items()),
        body=body,
        storage_state=str(storage_state) if storage_state else None,
        verify_tls=verify_tls,
        wait_for=wait_for,
        workload=asked,
    )
    with in_one_sentence():
        question = diagnosis.Question(
            target,
            tabs,
            profile.one_browser(browser, headed=headed, http=http),
            login=str(login) if login else None,
            allowed=i_may_load_this_host,
            timeout_s=timeout,
            http2=http == "2",
        )
        folder = _folder(out)
        await diagnosis.diagnose(question, folder, Progress())
        return Result.of(await asyncio.to_thread(recorded.analyze, folder))


async def explain(source: str | Path, *, url: str | None = None, since: float = 0.0) -> Result:
    """What requests waited for, by a NetLog, trace, HAR or recording, as `browserconc explain`.

    Args:
        source: the file, or the recording's folder.
        url: only requests whose address matches; * is any text.
        since: only requests that began so many seconds after the log.

    Raises:
        MeasurementError: it cannot be read, or holds no such request.
    """
    return await asyncio.to_thread(_explained, Path(source), explanation.Choice(url, since))


def _explained(source: Path, choice: explanation.Choice) -> Result:
    with in_one_sentence():
        if source.is_dir():
            from browserconc import explain_recording  # noqa: PLC0415

            return Result.of(explain_recording.explain(source, choice))
        return Result.of(explanation.explain(source, choice))


async def watch(
    address: str, seconds: float, *, url: str | None = None, out: str | Path | None = None
) -> Result:
    """Watches a running browser for so long and says what its tabs waited for, as `browserconc watch`.

    `async with browserconc.watch(browser) as seen` does it around a piece of a program.

    Args:
        address: of the browser's debugging port, such as "http://127.0.0.1:9222".
        seconds: how long.
        url: only requests whose address matches; * is any text.
        out: the file in which to keep what was seen, for `explain`.

    Raises:
        MeasurementError: no browser answers, it cannot be watched, or made no such request.
    """
    with in_one_sentence(), Household() as household:
        into = Path(out) if out else Path(household.folder("watch")) / "log"
        seen = await observation.watch(address, seconds, into)
        return Result.of(observation.explained(seen, explanation.Choice(url)))


def _folder(out: str | Path | None) -> Path:
    return Path(out) if out else recording.new_folder()


def _names(given: str | Iterable[str] | None) -> Any:
    return given if given is None or isinstance(given, str) else list(given)
