"""The long-form help for each cause: what people say, why, how to see it by hand, what removes it.

The texts are Markdown files of one form, `guide/<id>.md`, so that they read well where no program
renders them.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from importlib import resources

from rich.text import Text

from browserconc.model.cause import Cause
from browserconc.report.console import in_memory, printed

SECTIONS = ("What people say", "Why", "See it by hand", "What removes it", "Threads")
AUDIENCES = ("Server", "Page", "Test", "Crawler")
"""Who can remove a cause; each is told what it can do, or that it can do nothing."""
_HEADING = re.compile(r"^## (.+)\n", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


class GuideError(Exception):
    """A text that has not the form of a guide."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One cause for somebody who has met it and never heard of it."""

    id: str
    title: str
    symptom: str
    why: str
    by_hand: str
    remedies: dict[str, str]
    threads: tuple[str, ...]


def names() -> list[str]:
    """The ids of the causes that have a guide, in alphabetical order."""
    folder = resources.files("browserconc.report") / "guide"
    return sorted(file.name.removesuffix(".md") for file in folder.iterdir() if file.name.endswith(".md"))


def load(cause_id: str) -> Guide | None:
    """The guide for a cause, None where there is none.

    Raises:
        GuideError: its file has another form.
    """
    if cause_id not in names():  # also keeps a name with a slash in it inside the folder
        return None
    file = resources.files("browserconc.report") / "guide" / f"{cause_id}.md"
    return parse(cause_id, file.read_text(encoding="utf-8"))


def parse(cause_id: str, text: str) -> Guide:
    """Reads a guide.

    Raises:
        GuideError: a section is missing, or there is another one.
    """
    head, *parts = _HEADING.split(text)
    found = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
    if not head.startswith("# ") or tuple(found) != SECTIONS:
        raise GuideError(f"{cause_id}.md must have a title and the sections {', '.join(SECTIONS)}.")
    remedies = dict(line.split(": ", 1) for line in _points(found["What removes it"]))
    if tuple(remedies) != AUDIENCES:
        raise GuideError(f"{cause_id}.md must say what {', '.join(AUDIENCES)} can do.")
    symptom, why, by_hand = (found[name] for name in SECTIONS[:3])
    title = head.removeprefix("# ").strip()
    return Guide(cause_id, title, symptom, why, by_hand, remedies, tuple(_points(found["Threads"])))


def _points(section: str) -> list[str]:
    return [line.removeprefix("- ") for line in section.splitlines() if line]


def render(guide: Guide, cause: Cause | None = None, *, colour: bool = False, width: int = 80) -> str:
    """The guide as text that ends with a newline; `cause` adds how it is recognised by browserconc."""
    console = in_memory(width, colour=colour)

    def say(text: str, indent: int = 2, hang: int = 0, style: str = "") -> None:
        lines = textwrap.wrap(
            text,
            width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_on_hyphens=False,
        )
        for line in lines:
            console.print(Text(line, style=style), soft_wrap=True)

    def section(heading: str) -> None:
        console.print()
        say(heading, indent=0, style="bold")

    blame = f"  ({cause.culprit})" if cause else ""
    say(f"{guide.id}{blame}  {guide.title}", indent=0, style="bold")
    for heading, text in zip(SECTIONS, (guide.symptom, guide.why, guide.by_hand), strict=False):
        section(heading)
        for paragraph in text.split("\n\n"):
            say(paragraph)
    if cause:
        section("How browserconc recognises it")
        say(cause.recognised)
    section(SECTIONS[3])
    for audience, text in guide.remedies.items():
        say(f"{audience + ':':<9}{text}", hang=9)
    section("See also")
    for thread in guide.threads:
        say(thread)
    return printed(console)
