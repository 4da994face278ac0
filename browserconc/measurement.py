"""One measurement for a test: so many requests at once, by one strategy, of a URL or of one's own code.

Of a live endpoint the server's ledger says what ran at once. Of any other URL one load alone says how long
it takes, and raw sockets are asked what the server does at once only where the tabs were kept waiting.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from browserconc import diagnose_recording, recorded, recording, this_machine
from browserconc.analysis import diagnosis, outside_plan
from browserconc.analysis.unusable import unusable
from browserconc.evidence import client, diagnosis_notes, ledger
from browserconc.evidence.client import ClientLine
from browserconc.evidence.diagnosis_notes import Notes
from browserconc.evidence.page_log import PageLine
from browserconc.evidence.secrets import masked
from browserconc.lab import outside as outside_lab
from browserconc.lab import reach, release, visit
from browserconc.lab.browser import Browsers, Tabs
from browserconc.lab.calls import CallError, in_every_tab
from browserconc.lab.live_endpoints import LiveEndpoint
from browserconc.lab.process import Household
from browserconc.lab.release import Released
from browserconc.lab.strategies import STRATEGIES, raw_socket
from browserconc.model.finding import SERVICE
from browserconc.model.plan import BrowserChoice
from browserconc.model.target import Target, Visit
from browserconc.outcome import MeasurementError, Result
from browserconc.recording import Manifest, Recording

RAW = "raw-socket"
CALLED = "callable"
"""The strategy of code that needs no browser."""
EXAMINATION_S = 20.0
STRETCHED = 1.3
"""With the server for longer than this times what one load takes: what it was busy with is asked."""
_NOTICEABLE_NS = 50_000_000


@dataclass(frozen=True, slots=True)
class Conditions:
    """How it is measured. `timeout_s` bounds the requests, not what comes before."""

    n: int
    strategy: str
    browser: BrowserChoice
    timeout_s: float


async def of_url(url: str, how: Conditions, out: Path, endpoint: LiveEndpoint | None) -> Result:
    """Measures n loads of a URL; `endpoint` is what it leads to, where that is ours.

    Raises:
        MeasurementError: it cannot be loaded.
    """
    _check(how, STRATEGIES)
    try:
        place = await reach.locate(url)
        reach.permit(place, allowed=False)
        await reach.connect(place)
    except (reach.TargetError, reach.ForeignHostError) as problem:
        raise MeasurementError(str(problem)) from problem
    if endpoint:
        await _of_endpoint(url, how, out, endpoint)
    else:
        await _of_stranger(url, how, out)
    return Result.of(await asyncio.to_thread(recorded.analyze, out))


async def of_page_code(call: Callable[[Any], Any], how: Conditions, out: Path) -> Result:
    """Measures what n tabs wait for while each runs `call(page)`; once alone before, for comparison.

    Raises:
        MeasurementError: the code failed.
    """
    _check(how, [name for name in STRATEGIES if name != RAW])
    if not inspect.iscoroutinefunction(call):
        raise ValueError("Code that takes a page must be a coroutine function: async def visit(page).")
    recording.save_run(out, this_machine.run("diagnose", headed=how.browser.headed))
    diagnosis_notes.write(out, Notes(url="the page code"))
    with Household() as household:
        async with Browsers(household, how.browser, netlogs=out) as browsers:
            try:
                addresses = await _loads("about:blank", how, out, browsers, in_every_tab(call))
            except CallError as problem:
                raise MeasurementError(str(problem)) from problem
        await _ask_the_server(household, how, out, "the page code", addresses)
    return Result.of(await asyncio.to_thread(recorded.analyze, out))


async def of_code(call: Callable[[], Any], how: Conditions, out: Path, endpoint: LiveEndpoint) -> Result:
    """Measures what the endpoint is asked while `call()` runs n times at once; a coroutine or in threads.

    Raises:
        MeasurementError: the code failed, or asked the endpoint for nothing.
    """
    recording.save_run(out, this_machine.run("compare", headed=how.browser.headed))
    into = out / f"01-{CALLED}"
    since = endpoint.position()
    begun_ns = time.monotonic_ns()
    try:
        async with asyncio.timeout(how.timeout_s):
            await asyncio.gather(*(_call(call) for _ in range(how.n)))
    except TimeoutError as problem:
        raise MeasurementError(f"The code was not done within {how.timeout_s:g} s.") from problem
    except Exception as problem:
        raise MeasurementError(f"{type(problem).__name__} in the measured code: {problem}") from problem
    ended_ns = time.monotonic_ns()
    manifest = Manifest(CALLED, CALLED, endpoint.server, endpoint.running.server.capacity, "", how.n, None, 1)
    into.mkdir(parents=True)
    endpoint.keep(since, into)
    lines = _as_client_saw_it(into / ledger.FILE, endpoint, begun_ns)
    if not lines:
        raise MeasurementError(
            f"The code made no request to {endpoint.origin}, whose ledger tells what ran at once."
        )
    client.write(into / client.FILE, lines)
    recording.save(
        into,
        replace(
            manifest,
            url=lines[0].url,
            tabs=len(lines),
            prepared_ns=begun_ns,
            released_ns=begun_ns,
            ended_ns=ended_ns,
        ),
    )
    return Result.of(await asyncio.to_thread(recorded.analyze, out))


def takes_a_page(call: Callable[..., Any]) -> bool:
    """Must it be given an argument? One with a default is its own."""
    return any(
        parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        for parameter in inspect.signature(call).parameters.values()
    )


def _check(how: Conditions, names: Iterable[str]) -> None:
    choices = [name for name in names if STRATEGIES[name].release in ("navigate", RAW)]
    if how.strategy not in choices:
        raise ValueError(f'"{how.strategy}" cannot be measured so. Choices: {", ".join(choices)}.')
    if how.n < 1:
        raise ValueError(f"n must be 1 or more, not {how.n}.")


async def _call(call: Callable[[], Any]) -> None:
    if asyncio.iscoroutinefunction(call):
        await call()
    else:
        await asyncio.to_thread(call)


def _as_client_saw_it(path: Path, endpoint: LiveEndpoint, begun_ns: int) -> list[ClientLine]:
    """One line per request that the server's ledger has; of the client no more is known."""
    served = [track for track in ledger.everything(path) if track.span("service")]
    lines = []
    for index, track in enumerate(sorted(served, key=lambda track: track.spans[-1].start_ns)):
        service = track.span("service")
        assert service
        lines.append(
            ClientLine(
                index,
                f"{endpoint.origin}{masked(track.url)}",
                local_port=track.local_port,
                released_ns=begun_ns,
                sent_ns=service.start_ns,
                done_ns=service.end_ns,
                status=200,
            )
        )
    return lines


async def _of_endpoint(url: str, how: Conditions, out: Path, endpoint: LiveEndpoint) -> None:
    recording.save_run(out, this_machine.run("compare", headed=how.browser.headed))
    into = out / f"01-{how.strategy}"
    since = endpoint.position()
    with Household() as household:
        if how.strategy == RAW:
            await _raw(household, url, how, into)
        else:
            async with Browsers(household, how.browser, netlogs=out) as browsers:
                planned = Visit(how.strategy, how.strategy, url, how.n, how.timeout_s)
                await visit.record(planned, Target(url), into, browsers=browsers)
    endpoint.keep(since, into)
    manifest = recording.load(into).manifest
    query = dict(part.partition("=")[::2] for part in urlsplit(url).query.split("&"))
    manifest.facts["server_model"] = endpoint.running.server.model
    recording.save(
        into,
        replace(
            manifest,
            server=endpoint.server,
            server_stated=endpoint.running.server.capacity,
            delay_s=float(query["delay"]) if "delay" in query else None,
        ),
    )


async def _of_stranger(url: str, how: Conditions, out: Path) -> None:
    recording.save_run(out, this_machine.run("diagnose", headed=how.browser.headed))
    diagnosis_notes.write(out, Notes(url=masked(url)))
    with Household() as household:
        async with Browsers(household, how.browser, netlogs=out) as browsers:
            addresses = await _loads(url, how, out, browsers, release.navigate)
            if how.strategy == RAW:
                await _raw(household, url, how, out / "02-raw-socket")
        await _ask_the_server(household, how, out, masked(url), addresses)


async def _loads(
    url: str, how: Conditions, out: Path, browsers: Browsers, let_go: Callable[..., Awaitable[Released]]
) -> dict[str, str]:
    """One load alone, then all at once unless raw sockets will; the addresses of GETs by how they are kept.

    Raises:
        MeasurementError: one alone does not load.
    """
    addresses: dict[str, str] = {}

    async def note(tabs: Tabs, lines: Sequence[PageLine]) -> None:
        addresses.update((masked(line.url), line.url) for line in lines if line.method == "GET")

    async def load(id: str, strategy: str, tabs: int, number: int) -> Recording:
        planned = Visit(id, strategy, url, tabs, how.timeout_s)
        into = out / f"{number:02d}-{id}"
        return await visit.record(planned, Target(url), into, browsers=browsers, let_go=let_go, after=note)

    one = await load(diagnose_recording.ALONE, "contexts", 1, 1)
    judged = diagnose_recording.alone(out)
    if reason := unusable(judged, one.manifest.error, masked(url)):
        raise MeasurementError(reason)
    if how.strategy != RAW:
        await load(how.strategy, how.strategy, how.n, 2)
    return addresses


async def _ask_the_server(
    household: Household, how: Conditions, out: Path, name: str, addresses: Mapping[str, str]
) -> None:
    """What it does at once with the request that one load waits for longest, if many loads took longer.

    What is not among the addresses was no GET, and is not sent again.
    """
    slow = diagnosis.slowest_request(diagnose_recording.alone(out))
    if slow is None or slow.url not in addresses or not _kept_waiting(out):
        return
    diagnosis_notes.write(out, Notes(url=name, critical_url=slow.url))
    await outside_lab.examine(
        Target(addresses[slow.url]),
        household,
        out / diagnose_recording.OUTSIDE,
        clients=how.n,
        deadline_s=EXAMINATION_S + 3 * (slow.end_ns - slow.start_ns) / 1e9,
        tell=lambda text: None,
        plan=outside_plan.next_experiment,
    )


def _kept_waiting(out: Path) -> bool:
    """Was the server slower with many than with one, or is it not said why they did not run at once?"""
    alone = diagnose_recording.alone(out)
    trial = diagnose_recording.analyze(out).trials[-1]
    if alone is None or trial.verdict.kind == "undecided":
        return True

    def longest(requests: Any) -> int:
        return max(
            (sum(p.duration_ns for p in one.slices if p.cause == SERVICE) for one in requests), default=0
        )

    return longest(trial.requests) > STRETCHED * longest(alone.finding.requests) + _NOTICEABLE_NS


async def _raw(household: Household, url: str, how: Conditions, into: Path) -> None:
    manifest = Manifest(RAW, RAW, None, None, masked(url), how.n, None, 1, prepared_ns=time.monotonic_ns())
    into.mkdir(parents=True)
    report = await raw_socket.measure(
        household, urls=[url] * how.n, mode="cold", timeout_s=how.timeout_s, out=into / client.FILE
    )
    ended_ns = report.ended_ns or time.monotonic_ns()
    recording.save(into, replace(manifest, released_ns=report.released_ns, ended_ns=ended_ns))
