"""`browserconc limits`: one browser is started and each of its limits is measured; a table comes out.

The lab measures (`lab/limits/`); here it is said what is measured how often, and what several readings
of one limit say together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median_low
from typing import Any, Protocol

from browserconc import this_machine
from browserconc.evidence import netlog
from browserconc.lab import certificate as certificates
from browserconc.lab.browser import BrowserError, Browsers, DriverError, first_line, identity_of
from browserconc.lab.limit_bench import Bench, Measurement
from browserconc.lab.limits import MEASUREMENTS
from browserconc.lab.open_files import TooFewFilesError
from browserconc.lab.process import Household
from browserconc.model.finding import BrowserFacts
from browserconc.model.limit import Limit, Limits, Reading
from browserconc.model.plan import BrowserChoice

LONGEST_S = 60.0
"""For one reading. The longest waits for a cache lock to give up."""
EXPECTED_S = 3.0
MOST_READINGS = 6
"""Where those that were wanted differ, although the limit is not known to be drawn at random."""
AGREED_SHARE = 2 / 3


class UnknownLimitError(Exception):
    """A name that is no limit's; one sentence with the choices."""


class Told(Protocol):
    """Who is told how the measuring comes along."""

    def trial_started(self, id: str, strategy: str, tabs: int, expected_s: float | None = None) -> None:
        """A limit is being measured."""

    def trial_ended(self, id: str, text: str) -> None:
        """It has been measured, or could not be."""


def chosen(only: Sequence[str], *, quick: bool) -> list[Measurement]:
    """The measurements that are asked for, in the order of the table; a name takes those it begins.

    Raises:
        UnknownLimitError: a name is no limit's and begins none.
    """
    for name in only:
        if not any(_is_meant(name, id) for id in MEASUREMENTS):
            raise UnknownLimitError(f'There is no limit "{name}". The choices are {", ".join(MEASUREMENTS)}.')
    if only:
        return [one for id, one in MEASUREMENTS.items() if any(_is_meant(name, id) for name in only)]
    return [one for one in MEASUREMENTS.values() if one.quick or not quick]


def _is_meant(name: str, id: str) -> bool:
    return id == name or id.startswith(f"{name}-")


async def measure(
    measurements: Sequence[Measurement],
    choice: BrowserChoice,
    out: Path | None,
    told: Told,
    found: list[Limit],
    about: dict[str, Any],
    *,
    quick: bool,
) -> None:
    """Measures each of these limits; one that cannot be measured says why in its row.

    Args:
        measurements: what `chosen` returned.
        choice: the browser.
        out: the folder for its log; None keeps none.
        told: hears of each limit when it begins and when it is known.
        found: grows by each limit as it is known, so an interruption loses one at most.
        about: filled with the browser's name, version, path and switches.
        quick: one reading of each.

    Raises:
        BrowserError: there is no such browser, or it does not start.
    """
    with Household() as household:
        certificate = None
        if certificates.can_be_made():
            certificate = certificates.make(household.folder("certificate"))
            choice = replace(choice, switches=(*choice.switches, certificate.switch))
        if out:
            out.mkdir(parents=True, exist_ok=True)
        async with Browsers(household, choice, netlogs=out) as browsers:
            about.update(identity_of(await browsers.shared()))
            bench = Bench(browsers, certificate, choice, household)
            async with asyncio.TaskGroup() as tasks:
                waiting = [
                    tasks.create_task(read_limit(one, bench, told, quick=quick))
                    for one in measurements
                    if one.aside
                ]
                for one in measurements:
                    if not one.aside:
                        found.append(await read_limit(one, bench, told, quick=quick))
                for task in waiting:
                    found.append(await task)
    order = [one.id for one in measurements]
    found.sort(key=lambda limit: order.index(limit.id))


def surveyed(found: Sequence[Limit], about: dict[str, Any], *, headed: bool, began: float) -> Limits:
    """The limits with what they were measured on; `began` is time.monotonic() before."""
    browser = None
    if about:
        switches = tuple(word for word in about["switches"] if "=/" not in word and "spki" not in word)
        browser = BrowserFacts(about["name"], about["version"], about["path"], not headed, switches)
    environment = this_machine.environment(browser)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Limits(environment, tuple(found), now, round(time.monotonic() - began, 1))


def confirmed(found: Sequence[Limit], out: Path) -> list[Limit]:
    """The limits, with the browser's own word for one beside it where its log has it."""
    stated: Collection[int] = {
        value
        for path in out.glob("netlog-*.json")
        if (value := netlog.read(path, until_ns=0).max_sockets_per_group) is not None
    }
    return [
        replace(limit, note=f"its own log says {', '.join(map(str, stated))}")
        if limit.id == "per-host" and stated
        else limit
        for limit in found
    ]


async def read_limit(one: Measurement, bench: Bench, told: Told, *, quick: bool) -> Limit:
    """Reads one limit until its readings agree; what cannot be measured says why."""
    told.trial_started(one.id, one.id, 1, EXPECTED_S)
    readings: list[Reading] = []
    error = None
    began = time.monotonic()
    wanted = one.quick_repeats if quick else one.repeats
    while len(readings) < wanted or (len(readings) < MOST_READINGS and not _agreed(one, readings)):
        try:
            async with asyncio.timeout(LONGEST_S):
                readings.append(await one.measure(bench))
        except (BrowserError, TooFewFilesError) as problem:
            error = str(problem)
        except TimeoutError:
            error = f"It could not be measured within {LONGEST_S:g} s."
        except DriverError as problem:
            error = f"The browser refused: {first_line(problem)[:160]}."
        if error:
            _go_on()
            break
    limit = replace(together(one, readings, error), took_s=round(time.monotonic() - began, 2))
    seen = "none seen" if limit.value is None else f"{limit.value:g} {one.unit}"
    told.trial_ended(one.id, error or seen)
    return limit


def _go_on() -> None:
    """Unless this was cancelled: the driver's error then is that the browser is gone, and hides it."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


def together(one: Measurement, readings: Sequence[Reading], error: str | None) -> Limit:
    """What several readings of one limit say together."""
    values = [reading.value for reading in readings]
    seen = [value for value in values if value is not None]
    limited = len(seen) == len(values) and bool(seen)
    tried = min((r.tried for r in readings if r.tried is not None), default=None)
    notes = [reading.note for reading in readings if reading.note][:1]
    if limited and not one.drawn and min(seen) < max(seen) and _agreed(one, readings):
        less = [value for value in seen if value < max(seen)]
        notes.append(f"{len(less)} of {len(seen)} readings saw {min(less):g}, too few: the machine was busy")
        seen = [max(seen)]
    return Limit(
        id=one.id,
        value=median_low(seen) if limited else None,
        low=min(seen) if limited else tried,
        high=max(seen) if limited else None,
        unit=one.unit,
        published=one.published,
        consequence=one.consequence,
        readings=tuple(values),
        note="; ".join(notes) or None,
        error=error,
    )


def _agreed(one: Measurement, readings: Sequence[Reading]) -> bool:
    """Need it not be read again?

    What a server held at once was allowed. So a reading of a fixed limit may be too small, where a busy
    machine was late, but not too large: the largest counts if it was read often enough.
    """
    values = [reading.value for reading in readings]
    if one.drawn or None in values or len(set(values)) == 1:
        return True
    largest = max(value for value in values if value is not None)
    return len(values) > 2 and values.count(largest) >= AGREED_SHARE * len(values)
