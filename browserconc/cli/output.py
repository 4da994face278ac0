"""What a command leaves behind: the report on stdout and the files that were asked for."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from browserconc.cli.exits import CannotMeasure, WrongUsage

if TYPE_CHECKING:
    from browserconc.model.finding import Result
    from browserconc.report.forms import Forms

FILES = {
    "html": "Write one self-contained page with every waterfall.",
    "har": "Write HAR 1.2, with what blocked each request by cause.",
    "perfetto": "Write a trace for ui.perfetto.dev.",
    "junit": "Write JUnit XML, with a test case per trial and per expectation.",
}
"""Further reports, by their option; `report/files.py` renders them."""
_WANTED = "browserconc.files"


def wanted_file(context: click.Context, option: click.Parameter, target: str | None) -> None:
    """Notes a file for `show`, so that no command need hand it on."""
    if target:
        check_targets(target)
        context.meta.setdefault(_WANTED, {})[option.name] = target


def check_targets(*targets: str | None) -> None:
    """A report that could not be written is refused before anything is measured for it."""
    for target in targets:
        if target and target != "-" and not Path(target).parent.is_dir():
            raise CannotMeasure(f"{target} cannot be written: there is no such folder.")


def show(
    result: Result,
    json_file: str | None,
    markdown: str | None,
    verbose: bool,
    checks: Sequence[tuple[str, str | None]] = (),
    top: int = 10,
) -> None:
    """Prints the report, or the one format that was asked for on stdout, and writes the files."""
    from browserconc.report import explained, result_json, terminal
    from browserconc.report import markdown as markdown_report

    observed = explained.told_by(result)
    in_markdown = partial(explained.markdown, top=top) if observed else markdown_report.render
    texts: list[tuple[str, Callable[[], str]]] = []
    if json_file:
        texts.append((json_file, lambda: result_json.render(result)))
    if markdown:
        texts.append((markdown, lambda: in_markdown(result)))
    if files := click.get_current_context().meta.get(_WANTED):
        from browserconc.report.files import RENDER

        texts += [(target, partial(RENDER[name], result, checks)) for name, target in files.items()]
    written = False
    for target, render in texts:
        if target == "-":
            click.echo(render(), nl=False)
            written = True
        else:
            write(target, render())
    if not written:
        encoding = sys.stdout.encoding or "utf-8"
        in_terminal = (
            partial(explained.render, top=top) if observed else partial(terminal.render, verbose=verbose)
        )
        text = in_terminal(result, width=width(), colour=colour(), encoding=encoding)
        click.echo(text, nl=False, color=colour())


def show_survey(forms: Forms, targets: Mapping[str, str | None]) -> None:
    """The same for a survey or a search, which has fewer forms; `targets` by the name of their option.

    Raises:
        WrongUsage: it has no such form.
    """
    wanted = {**targets, **click.get_current_context().meta.get(_WANTED, {})}
    asked = {name: target for name, target in wanted.items() if target}
    if foreign := [name for name in asked if name not in forms.by_option]:
        able = ", ".join(f"--{name}" for name in forms.by_option)
        raise WrongUsage(f"--{foreign[0]} shows requests, and this is of {forms.of}. Choices: {able}.")
    for name, target in asked.items():
        if target == "-":
            click.echo(forms.by_option[name](), nl=False)
        else:
            write(target, forms.by_option[name]())
    if "-" not in asked.values():
        encoding = sys.stdout.encoding or "utf-8"
        text = forms.on_terminal(width=width(), colour=colour(), encoding=encoding)
        click.echo(text, nl=False, color=colour())


def write(target: str, text: str) -> None:
    """Writes a file.

    Raises:
        CannotMeasure: It cannot be written.
    """
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise CannotMeasure(f"{target} cannot be written ({problem.strerror}).") from problem


def colour() -> bool:
    """Whether stdout is a terminal that wants colours."""
    dumb = os.environ.get("TERM") == "dumb" or os.environ.get("NO_COLOR")  # https://no-color.org
    return sys.stdout.isatty() and not dumb


def width() -> int:
    """Columns of the terminal; 80 where there is none."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
