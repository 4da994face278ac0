"""Why the tabs of a URL that is not ours do not load in parallel: the cheapest decisive experiments first.

Start reading here. One tab alone says how long a load takes and which request it waits for, raw sockets
what the server does at once, tabs what the browser makes of it. If tabs had to wait, what would
remove the suspected cause is run and either helps or does not. As in `pipeline.py` everything is
recorded first; `analyze` starts from the folder.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from browserconc import diagnose_recording, recording, this_machine
from browserconc import diagnosis_raw_sockets as raw_sockets
from browserconc.analysis import diagnosis, remedies
from browserconc.analysis.unusable import unusable
from browserconc.diagnose_recording import ALONE, OWN_JARS
from browserconc.evidence import diagnosis_notes, ledger
from browserconc.evidence.diagnosis_notes import Notes
from browserconc.evidence.page_log import PageLine
from browserconc.evidence.secrets import masked
from browserconc.lab import reach, visit
from browserconc.lab.browser import Browsers, Tabs
from browserconc.lab.process import Household
from browserconc.lab.strategies.raw_socket import RawClientError
from browserconc.lab.visitor import KnownVisitor, VisitorError
from browserconc.lab.workloads import of_others
from browserconc.model.outside import ServerView
from browserconc.model.plan import BrowserChoice
from browserconc.model.target import Target, Visit
from browserconc.pipeline import Progress
from browserconc.recording import Recording

LONGEST_LOAD_S = 30.0
"""A page that takes longer alone needs --timeout."""
BUDGET_S = 55.0
"""After so long no further experiment is begun, unless one load alone is what takes so long."""
GENTLE_TABS = 4
GENTLE_PAUSE_S = 1.0
"""For hosts of others: fewer requests at once, and a pause between experiments."""
ONE_CONNECTION_EACH = "Raw sockets speak HTTP/1.1, each on a connection of its own; the tabs spoke HTTP/2."


class DiagnosisError(Exception):
    """The target could not be measured: one sentence, what failed and what to do."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: why do so many tabs of this target not load in parallel?

    `login` is the path of a script that logs in, `allowed` whether a host of others may be loaded,
    `timeout_s` the longest that one tab alone may take, `ledger` the file that the middleware writes.
    `http2` tells that the tabs must speak HTTP/2.
    """

    target: Target
    tabs: int | None = None
    browser: BrowserChoice = field(default_factory=BrowserChoice)
    login: str | None = None
    allowed: bool = False
    timeout_s: float | None = None
    ledger: Path | None = None
    http2: bool = False


async def diagnose(question: Question, out: Path, progress: Progress) -> None:
    """Runs the experiments; `analyze(out)` then concludes.

    What was measured lies in `out` even when this is cancelled.

    Raises:
        DiagnosisError: nothing could be measured.
        BrowserError: there is no browser, or it does not start.
        RecordingError: `out` cannot be written.
    """
    try:
        place = await reach.locate(question.target.url)
        reach.permit(place, allowed=question.allowed)
        await reach.connect(place)
        if question.http2:
            await reach.require_http2(place, question.target.url)
        visitor = KnownVisitor(question.target)
    except (reach.TargetError, reach.ForeignHostError, VisitorError) as problem:
        raise DiagnosisError(str(problem)) from problem
    recording.save_run(out, this_machine.run("diagnose", headed=question.browser.headed))
    with Household() as household:
        async with Browsers(household, question.browser, netlogs=out, visitor=visitor) as browsers:
            story = _Story(question, place, out, progress, household, browsers, visitor)
            try:
                await story.tell()
            except (reach.TargetError, reach.ForeignHostError, VisitorError) as problem:
                raise DiagnosisError(str(problem)) from problem
            finally:
                story.keep_ledger()


class _Story:
    """One diagnosis as it unfolds."""

    def __init__(
        self,
        question: Question,
        place: reach.Place,
        out: Path,
        progress: Progress,
        household: Household,
        browsers: Browsers,
        visitor: KnownVisitor,
    ) -> None:
        self.target = question.target
        self.workload = of_others(question.target.workload)
        self.question = question
        self.place = place
        self.tabs = question.tabs or (10 if place.private else GENTLE_TABS)
        self.out = out
        self.progress = progress
        self.household = household
        self.browsers = browsers
        self.visitor = visitor
        target = question.target
        brought = bool(target.cookies or target.storage_state or question.login)
        self.notes = Notes(url=masked(target.url), brought_cookies=brought, workload=target.workload)
        self.cookies: tuple[tuple[str, str], ...] = ()
        self.jar: list[visit.Cookie] = []
        self.count = 0
        self.begun = time.monotonic()
        self.alone_s = 0.0
        self.is_theirs = question.browser.cdp is not None

    async def tell(self) -> None:
        deaf = await reach.deaf_addresses(self.place)
        self.notes = replace(self.notes, deaf_addresses=deaf)
        if self.question.http2:
            self.doubt(ONE_CONNECTION_EACH)
        if self.question.login:
            await self.log_in(self.question.login)
        critical = await self.one_tab_alone()
        server = await self.raw_sockets(critical)
        await self.visit("tabs")
        self.keep_ledger()
        if self.tabs == 1:
            return  # what a single tab waits for, nothing that is done between tabs removes
        found = diagnose_recording.analyze(self.out)
        other_names = self.place.loopback and not self.cookies  # which belong to the name they were set for
        for strategy in remedies.to_try(
            found, server, on_document=critical == self.target.url, loopback=other_names
        ):
            if self.is_theirs and self.cookies and strategy in OWN_JARS:
                self.doubt(f"{strategy} were not tried: nobody is logged in there as in the running browser.")
            elif self.in_time():
                await self.remedy(strategy)

    async def log_in(self, script: str) -> None:
        tabs = await self.browsers.isolated_tabs(1)
        try:
            await self.visitor.log_in(tabs.pages[0], script)
        finally:
            await tabs.close()

    async def one_tab_alone(self) -> str:
        """The address of the request that a tab alone waits for longest."""
        landed: list[str] = []
        addresses: dict[str, str] = {}

        async def look_around(tabs: Tabs, lines: Sequence[PageLine]) -> None:
            page = tabs.pages[0]
            addresses.update((masked(line.url), line.url) for line in lines if line.method == "GET")
            landed.append(visit.address_of(page))
            self.cookies = await visit.sent_to(page, self.target.url)
            if not self.is_theirs:  # where the cookies are already, and those of others too
                self.jar = await visit.cookies_of(page)

        limit_s = self.question.timeout_s or LONGEST_LOAD_S
        # Who is logged in to a browser that runs already is so in its own user-data-dir only.
        strategy = "tabs" if self.is_theirs else "contexts"
        one = await self.record(Visit(ALONE, strategy, self.target.url, 1, limit_s), after=look_around)
        self.keep_ledger()
        if self.question.ledger and not self.question.ledger.is_file():
            raise DiagnosisError(
                f"{self.question.ledger} was not written by the application: start it with the middleware "
                f"and with BROWSERCONC_LEDGER={self.question.ledger}."
            )
        alone = diagnose_recording.alone(self.out)
        if reason := unusable(alone, one.manifest.error, self.workload.address(self.notes.url)):
            raise DiagnosisError(reason)
        if landed and landed[0].startswith("http"):
            reach.permit(await reach.locate(landed[0]), allowed=self.question.allowed)
        self.alone_s = alone.finding.makespan_ns / 1e9 if alone else 0.0
        slow = diagnosis.slowest_request(alone)
        self.notes = replace(self.notes, critical_url=slow.url if slow else self.notes.url)
        self.save()
        if slow is None or slow.url == masked(self.target.url):
            return self.target.url
        return addresses.get(slow.url, slow.url)

    async def raw_sockets(self, url: str) -> ServerView | None:
        """What the server does at once with the request that matters."""
        target = replace(self.target, cookies=self.cookies or self.target.cookies)
        asking = raw_sockets.Asking(
            target, self.place, self.tabs, self.alone_s, self.household, self.out, self.progress, self.folder
        )
        try:
            return await raw_sockets.ask(asking, url, in_time=self.in_time)
        except (raw_sockets.NotAskedError, RawClientError) as problem:
            self.doubt(str(problem))
            return None

    async def visit(self, strategy: str) -> Recording:
        limit_s = self.tabs * self.alone_s * 1.5 + min(raw_sockets.SLACK_S, self.workload.slack_s)
        planned = Visit(strategy, strategy, self.target.url, self.tabs, limit_s)
        if strategy in OWN_JARS:
            return await self.record(planned)
        return await self.record(planned, before=lambda tabs: visit.give_cookies(tabs, self.jar))

    async def remedy(self, strategy: str) -> None:
        if not self.place.private:
            await asyncio.sleep(GENTLE_PAUSE_S)
        await self.visit(strategy)

    async def record(self, planned: Visit, **hooks: object) -> Recording:
        name = "one tab alone" if planned.id == ALONE else planned.strategy
        self.progress.trial_started(planned.id, name, planned.tabs, self.alone_s)
        one = await visit.record(
            planned,
            self.target,
            self.folder(planned.id),
            browsers=self.browsers,
            evidence=("trace",) if self.question.browser.is_remote else (),
            tell=lambda done: self.progress.update(planned.id, done, 0),
            **hooks,  # type: ignore[arg-type]
        )
        manifest = one.manifest
        took_ns = (manifest.ended_ns or 0) - (manifest.released_ns or 0)
        self.progress.trial_ended(planned.id, manifest.error or f"took {took_ns / 1e9:.2f} s")
        return one

    def folder(self, name: str) -> Path:
        self.count += 1
        return self.out / f"{self.count:02d}-{name}"

    def in_time(self) -> bool:
        """Is there time for one more experiment?"""
        spent = time.monotonic() - self.begun
        return spent + self.tabs * self.alone_s < max(BUDGET_S, 2 * self.tabs * self.alone_s)

    def keep_ledger(self) -> None:
        """The application's own account becomes a part of the recording."""
        if self.question.ledger and self.question.ledger.is_file():
            with suppress(OSError):
                shutil.copyfile(self.question.ledger, self.out / ledger.FILE)

    def doubt(self, sentence: str) -> None:
        self.notes = replace(self.notes, doubts=(*self.notes.doubts, sentence))
        self.save()

    def save(self) -> None:
        diagnosis_notes.write(self.out, self.notes)
