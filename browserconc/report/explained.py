"""The report on requests that were observed: who waited for what, the worst first, then the sockets.

One page of lines, printed to a terminal as they are and put into a fence in Markdown.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from rich.text import Text

from browserconc.model.finding import SERVICE, UNATTRIBUTED, RequestFinding, Result, TrialFinding
from browserconc.report import waterfall
from browserconc.report.console import in_memory, printed
from browserconc.report.legend import look
from browserconc.report.printable import printable
from browserconc.report.waterfall import Line
from browserconc.report.wording import headline, seconds

TOP = 10
"""Rows of each table, unless more or fewer are asked for."""
NARROWEST = 60
_LEVELS = " ▁▂▃▄▅▆▇█"
_ASCII_LEVELS = " .:-=+*#@"
_PICTURED = 12
_NOTHING_NS = 1_000_000
"""A wait below NetLog's own resolution is not listed."""


@dataclass(frozen=True, slots=True)
class Waits:
    """All waits for one cause, of one page at one host."""

    cause: str
    page: str
    host: str
    times: int
    total_ns: int
    longest_ns: int


def render(
    result: Result, *, width: int = 80, colour: bool = False, top: int = TOP, encoding: str = "utf-8"
) -> str:
    """The report as text that ends with a newline; what is too long for `width` is cut."""
    width = max(width, NARROWEST)
    lines: list[Line] = [[(headline(result), "bold")], [("", "")]]
    lines += [[(f"  {text}", "")] for text in textwrap.wrap(result.conclusion.summary, width - 2)]
    for section in _sections(result, width, top, encoding):
        lines += [[("", "")], *section]
    for mark, said in (("-", _evidence(result, top)), ("?", _reasons(result)), ("!", _doubts(result))):
        lines += [[("", "")]] if said else []
        for text in said:
            wrapped = textwrap.wrap(text, width - 4)
            lines += [[(f"  {' ' if row else mark} {part}", "")] for row, part in enumerate(wrapped)]
    if result.recording:
        lines += [[("", "")], [(f"  log: {result.recording}", "bright_black")]]
    return _printed(lines, width, colour, encoding)


def markdown(result: Result, *, top: int = TOP) -> str:
    """The same as GitHub Markdown."""
    parts = [f"### {_escaped(headline(result, full_version=True))}", _escaped(result.conclusion.summary)]
    for section in _sections(result, 100, top, "utf-8"):
        rows = ("".join(text for text, _ in line).rstrip().replace("`", "'") for line in section)
        parts.append("```text\n" + "\n".join(printable(row) for row in rows) + "\n```")
    said = [*_evidence(result, top), *_reasons(result), *_doubts(result)]
    parts.append("\n".join(f"- {_escaped(text)}" for text in said))
    return "\n\n".join(part for part in parts if part) + "\n"


def waits(result: Result) -> list[Waits]:
    """Who waited for what, the longest waiting first."""
    times: dict[tuple[str, str, str], list[int]] = {}
    for trial in result.trials:
        for request in trial.requests:
            sums: dict[str, int] = {}
            for piece in request.slices:
                sums[piece.cause] = sums.get(piece.cause, 0) + piece.duration_ns
            for cause, waited_ns in sums.items():
                if cause != SERVICE and waited_ns >= _NOTHING_NS:
                    times.setdefault((cause, trial.id, _host(request)), []).append(waited_ns)
    found = [Waits(*key, len(each), sum(each), max(each)) for key, each in times.items()]
    return sorted(found, key=lambda one: -one.total_ns)


def _sections(result: Result, width: int, top: int, encoding: str) -> Iterable[list[Line]]:
    sections = (
        _waits(result, width, top),
        _requests(result, width, top),
        _limits(result, width, top),
        _sockets(result, width, top, encoding),
        _picture(result, width, encoding),
    )
    return filter(None, sections)


def _waits(result: Result, width: int, top: int) -> list[Line]:
    found = waits(result)
    lines = _title("waited   longest  requests  for               page, host")
    room = width - 49
    for one in found[:top]:
        where = one.page if one.page.endswith(f"//{one.host}") else f"{one.page}, {one.host}"
        if one.host.startswith(
            f"{one.page.partition('//')[2]}:"
        ):  # the site has no port, so no room for both
            where = f"{one.page.partition('//')[0]}//{one.host}"
        lines.append(
            [
                (f"  {seconds(one.total_ns):>6} s {seconds(one.longest_ns):>6} s {one.times:>9,}  ", ""),
                (f"{look(one.cause).name:<18.17}", look(one.cause).colour),
                (_cut(where, room), ""),
            ]
        )
    return _more(lines, len(found) - top) if found else []


def _requests(result: Result, width: int, top: int) -> list[Line]:
    """The requests that waited the longest, and for what most of it."""
    each = [(request, _waiting(request)) for trial in result.trials for request in trial.requests]
    each = [(request, waited) for request, waited in each if sum(waited.values()) >= _NOTHING_NS]
    each.sort(key=lambda pair: -sum(pair[1].values()))
    lines = _title("waited  of        mostly for        request")
    for request, waited in each[:top]:
        cause = max(waited, key=lambda name: waited[name])
        whole_ns = request.end_ns - request.start_ns
        lines.append(
            [
                (f"  {seconds(sum(waited.values())):>6} s {seconds(whole_ns):>6} s  ", ""),
                (f"{look(cause).name:<18.17}", look(cause).colour),
                (_cut(request.url, width - 39), ""),
            ]
        )
    return _more(lines, len(each) - top) if each else []


def _limits(result: Result, width: int, top: int) -> list[Line]:
    hits = result.network.limits if result.network else ()
    lines = _title("limit hit              times  waited   longest   where")
    for hit in hits[:top]:
        name = look(hit.cause).name + (f" ({hit.value})" if hit.value and hit.value > 1 else "")
        lines.append(
            [
                (f"  {name:<20.19}", look(hit.cause).colour),
                (f"{hit.times:>8,} {seconds(hit.waited_ns):>6} s {seconds(hit.longest_ns):>6} s   ", ""),
                (_cut(hit.where, width - 51), ""),
            ]
        )
    return _more(lines, len(hits) - top) if hits else []


def _sockets(result: Result, width: int, top: int, encoding: str) -> list[Line]:
    if not result.network or not result.network.groups:
        return []
    groups = [group for group in result.network.groups if group.peak > 1] or list(result.network.groups)
    highest = max(group.peak for group in groups)
    glyphs = _LEVELS if _fits(_LEVELS, encoding) else _ASCII_LEVELS
    step = f"{seconds(result.network.step_ns)} s"
    lines = _title(f"sockets in use over {seconds(result.network.span_ns)} s, {step} a column")
    for group in groups[:top]:
        steps = [-(-height * (len(glyphs) - 1) // highest) for height in group.in_use]
        bars = "".join(glyphs[min(step, len(glyphs) - 1)] for step in steps)
        lines.append([(f"  {bars}", "green"), (f"  {group.peak} at once of {group.sockets}", "")])
        lines.append([(f"    {_cut(group.group, width - 4)}", "bright_black")])
    return _more(lines, len(groups) - top)


def _picture(result: Result, width: int, encoding: str) -> list[Line]:
    """The waterfall around the longest wait of the worst page."""
    trial = next((trial for trial in result.trials if trial.verdict.kind != "concurrent"), None)
    if trial is None:
        return []
    labels = 8
    drawn = waterfall.picture(
        _around_the_worst(trial), width - 2 - labels - 2 - waterfall.NOTE_WIDTH, whole=True
    )
    bar = width - 2 - labels - 2 - waterfall.NOTE_WIDTH
    lines = _title(f"around the longest wait of {trial.id}")
    lines += [[("  ", ""), *line] for line in waterfall.lines("", drawn, labels, bar, encoding)]
    return lines + [[("  ", ""), *line] for line in waterfall.legend(drawn.causes, width - 2, encoding)]


def _around_the_worst(trial: TrialFinding) -> TrialFinding:
    """The requests that overlap the one that waited longest, on a clock that begins with them."""
    worst = max(trial.requests, key=lambda request: sum(_waiting(request).values()))
    near = [r for r in trial.requests if r.start_ns <= worst.end_ns and r.end_ns >= worst.start_ns]
    near.sort(key=lambda request: -sum(_waiting(request).values()))
    near = near[:_PICTURED]
    zero = min(request.start_ns for request in near)
    return replace(trial, requests=tuple(_shifted(request, zero) for request in near))


def _shifted(request: RequestFinding, zero_ns: int) -> RequestFinding:
    slices = (
        replace(piece, start_ns=piece.start_ns - zero_ns, end_ns=piece.end_ns - zero_ns)
        for piece in request.slices
    )
    return replace(
        request, start_ns=request.start_ns - zero_ns, end_ns=request.end_ns - zero_ns, slices=tuple(slices)
    )


def _waiting(request: RequestFinding) -> dict[str, int]:
    sums: dict[str, int] = {UNATTRIBUTED: 0}
    for piece in request.slices:
        if piece.cause != SERVICE:
            sums[piece.cause] = sums.get(piece.cause, 0) + piece.duration_ns
    return sums


def _evidence(result: Result, top: int) -> list[str]:
    return [f"{trial.id}: {line}" for trial in result.trials for line in trial.verdict.because][:top]


def _reasons(result: Result) -> list[str]:
    """Why a page came to no verdict."""
    return _said(
        result.trials, lambda trial: trial.verdict.doubts[:1] if trial.verdict.kind == "undecided" else ()
    )


def _doubts(result: Result) -> list[str]:
    return _said(
        result.trials,
        lambda trial: trial.verdict.doubts[1 if trial.verdict.kind == "undecided" else 0 :],
    )


def _said(trials: Sequence[TrialFinding], texts: Callable[[TrialFinding], Sequence[str]]) -> list[str]:
    """Each text once, with the pages that it is about unless it is about all."""
    pages: dict[str, list[str]] = {}
    for trial in trials:
        for text in texts(trial):
            pages.setdefault(text, []).append(trial.id)
    return [text if len(of) == len(trials) > 1 else f"{_few(of)}: {text}" for text, of in pages.items()]


def _few(names: Sequence[str]) -> str:
    """Two names, or one and how many more."""
    return ", ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"


def _host(request: RequestFinding) -> str:
    try:
        return urlsplit(request.url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _title(text: str) -> list[Line]:
    return [[(f"  {text}", "bright_black")]]


def _more(lines: list[Line], left_out: int) -> list[Line]:
    return [*lines, [(f"  and {left_out:,} more (--top)", "bright_black")]] if left_out > 0 else lines


def _cut(text: str, width: int) -> str:
    safe = printable(text)
    width = max(width, 12)
    return safe if len(safe) <= width else f"{safe[: width - 1]}…"


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _printed(lines: Sequence[Line], width: int, colour: bool, encoding: str) -> str:
    console = in_memory(width, colour=colour)
    for line in lines:
        pieces = [(printable(text, encoding), style) for text, style in line]
        console.print(Text.assemble(*pieces, no_wrap=True, overflow="crop"))
    return printed(console)


_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&@$]")


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", printable(text))


def told_by(result: Result) -> bool:
    """Is this the report for such a result?"""
    return result.command in {"explain", "watch"} and all(trial.server is None for trial in result.trials)
