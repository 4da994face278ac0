"""The report as GitHub Markdown, for issues, pull requests and job summaries.

The same sections as the terminal's, with a real table and the waterfall in a fenced block.
Foreign text cannot open markup, end a table cell or leave the fence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from browserconc.model.finding import Result
from browserconc.report import table, waterfall
from browserconc.report.printable import printable
from browserconc.report.table import Group, Row
from browserconc.report.tabs import one_bar_per_tab
from browserconc.report.wording import (
    advice_title,
    at_once,
    blamed,
    cause_named,
    headline,
    megabytes,
    price,
    remedies_title,
    seconds,
    share_named,
    sustained,
    took,
    where,
)

_LABELS = 20
_BARS = 60
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&@$]")


def render(result: Result, *, verbose: bool = False) -> str:
    """The report as Markdown that ends with a newline; `verbose` draws every request."""
    result = one_bar_per_tab(result)
    conclusion = result.conclusion
    groups = table.groups(result)
    rows = [row for group in groups for row in group.rows]
    blocks = [f"### {_safe(headline(result, full_version=True))}", _safe(result.conclusion.summary)]
    for group in groups:
        if len(groups) > 1:
            blocks.append(f"#### {_safe(group.target)}")
        blocks += ["\n".join(_table(group)), _safe(table.spreads(group))]
    blocks.append(_points(f"undecided: {names}: {why}" for names, why in table.said_of(rows, undecided=True)))
    blocks.append(_points(f"{name}: {what}" for name, what in table.failures(rows)))
    blocks.append(_points(conclusion.because))
    said = table.evidence_of(rows, " ".join([conclusion.summary, *conclusion.because]))
    blocks.append(_points(f"{name}: {because}" for name, because in said))
    blocks += _pictures(groups, verbose)
    blocks += _remedies(result)
    blocks.append(_safe(f"{advice_title(conclusion)}: {conclusion.advice}") if conclusion.advice else "")
    blocks.append(_points(conclusion.doubts))
    blocks.append(_points(f"{names}: {doubt}" for names, doubt in table.said_of(rows, undecided=False)))
    blocks.append(_safe(where(result.environment)))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _safe(text: str) -> str:
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", printable(text))


def _points(texts: Iterable[str]) -> str:
    return "\n".join(f"- {_safe(text)}" for text in texts)


def _table(group: Group) -> list[str]:
    repeated = max(len(row.repeats) for row in group.rows) > 1
    runs = (" min-max | runs |", " --- | ---: |") if repeated else ("", "")
    return [
        f"| strategy | took | at once | held back by | share | per tab |{runs[0]}",
        f"| --- | ---: | ---: | --- | ---: | ---: |{runs[1]}",
        *(_row(row, repeated) for row in group.rows),
    ]


def _row(row: Row, repeated: bool) -> str:
    verdict, size = row.trial.verdict, row.memory_per_tab_bytes
    held = f"{blamed(verdict)} **{_safe(cause_named(verdict))}**".strip() if row.held_back else "-"
    cells = [
        _safe(row.name),
        took(row.trial),
        sustained(row.trial),
        held,
        share_named(verdict),
        "-" if size is None else megabytes(size),
    ]
    if repeated:
        cells += [
            f"{seconds(row.fastest_ns)}-{seconds(row.slowest_ns)}",
            f"{row.agreeing}/{len(row.repeats)}",
        ]
    return f"| {' | '.join(cells)} |"


def _pictures(groups: tuple[Group, ...], verbose: bool) -> list[str]:
    parts: list[str] = []
    causes: set[str] = set()
    calm: list[str] = []
    for group in groups:
        of_group = f" ({group.target})" if len(groups) > 1 else ""
        to_draw, uneventful = table.to_draw(group, every=verbose)
        calm += [f"{name}{of_group}" for name in uneventful]
        for row, alike in to_draw:
            drawn = waterfall.picture(row.trial, _BARS, whole=verbose)
            causes |= drawn.causes
            title = [f"{row.name}{of_group}"] if of_group else []
            same = [f"The same picture: {', '.join(alike)}."] if alike else []
            parts.append(
                "\n".join([*title, *_plain(waterfall.lines(row.name, drawn, _LABELS, _BARS)), *same])
            )
    if causes:
        parts.append("\n".join(_plain(waterfall.legend(causes, _LABELS + _BARS))))
    if parts:
        parts = [f"```text\n{_fenced(parts)}\n```"]
    return [*parts, _safe(f"Nothing held back: {', '.join(calm)}.") if calm else ""]


def _fenced(parts: list[str]) -> str:
    """Lines that cannot end the fence they stand in."""
    lines = "\n\n".join(parts).split("\n")
    return "\n".join(printable(line).replace("`", "'").rstrip() for line in lines)


def _plain(lines: list[waterfall.Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def _remedies(result: Result) -> list[str]:
    remedies = result.conclusion.remedies
    if not remedies:
        return []
    rows = [
        f"| {_safe(remedy.change)} | {seconds(remedy.makespan_ns)} s | {at_once(remedy, result)} "
        f"| {price(remedy) if remedy.proven else 'not tried'} |"
        for remedy in remedies
    ]
    head = ["| change | took | at once | price |", "| --- | ---: | --- | --- |"]
    return [f"**{remedies_title(remedies)}**", "\n".join([*head, *rows])]
