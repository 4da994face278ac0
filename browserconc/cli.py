"""Arguments → pipeline → text → exit code: the only printing, the only exit."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from browserconc import __version__

if TYPE_CHECKING:
    from browserconc.model.finding import Result

EXPECTATION_FAILED = 1
CANNOT_MEASURE = 3
INTERRUPTED = 130

_Command = TypeVar("_Command", bound=Callable[..., Any])


def main() -> None:
    """Runs the command line and exits with the contract's exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        code = problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except BrokenPipeError:  # `| head`
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


class CannotMeasure(click.ClickException):
    """Exit 3: one sentence, what failed and what to do."""

    exit_code = CANNOT_MEASURE


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="browserconc")
def cli() -> None:
    r"""Why don't my tabs run in parallel?

    Sends the same work through a raw-socket client and through browser tabs, contexts and
    profiles, says who held the requests back, and proves what removes it.

    \b
    browserconc compare --tabs 10          the whole picture in half a minute
    browserconc compare forum-thread       ten tabs, ten seconds, as in the forum
    browserconc doctor                     what this machine has and lacks
    """


def _run_options(command: _Command) -> _Command:
    for option in reversed(
        [
            click.option("--tabs", type=int, metavar="N", help="How many requests at once.  [10]"),
            click.option(
                "--delay", type=float, metavar="SECONDS", help="How long the endpoint works on each.  [0.5]"
            ),
            click.option("--server", metavar="NAME", help="What serves the endpoint.  [werkzeug-threaded]"),
            click.option("--strategies", metavar="A,B,…|all", help="Ways to put the requests in flight."),
            click.option("--repeat", type=int, metavar="R", help="How often to run each trial.  [1]"),
            click.option("--timeout", type=float, metavar="SECONDS", help="Longest time for one trial."),
            click.option("--browser", metavar="NAME|PATH", help="chromium, a channel or an executable."),
            click.option(
                "--browser-arg",
                "switches",
                multiple=True,
                metavar="SWITCH",
                callback=lambda context, option, given: given or None,
                help="One more switch for the browser; may be repeated.",
            ),
            click.option(
                "--evidence", metavar="LIST|none", help="netlog, trace, cdp: asked of the browser.  [netlog]"
            ),
            click.option("--headed", is_flag=True, default=None, help="Show the browser's windows."),
            click.option("--profile", metavar="NAME|FILE", help="A run profile; options given here win."),
        ]
    ):
        command = option(command)
    return command


def _report_options(command: _Command) -> _Command:
    for option in reversed(
        [
            click.option(
                "--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - for stdout alone."
            ),
            click.option("--markdown", metavar="FILE|-", help="Write the report as Markdown."),
            click.option("--verbose", "-v", is_flag=True, help="Draw every request of every strategy."),
        ]
    ):
        command = option(command)
    return command


@cli.command()
@click.argument("profile_name", metavar="[PROFILE]", required=False)
@_run_options
@_report_options
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the recording is kept.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@click.option("--install-browser", is_flag=True, help="Provide a browser first where none is found.")
@click.option("--expect", multiple=True, metavar="STRATEGY=KIND[:LIMIT]", help="Exit 1 unless it is so.")
@click.option(
    "--fail-on", multiple=True, metavar="CULPRIT|CAUSE|KIND", help="Exit 1 if the conclusion is that."
)
def compare(
    profile_name: str | None,
    json_file: str | None,
    markdown: str | None,
    verbose: bool,
    out: Path | None,
    quiet: bool,
    install_browser: bool,
    expect: tuple[str, ...],
    fail_on: tuple[str, ...],
    profile: str | None,
    **options: Any,
) -> int:
    r"""Contrast raw sockets with browser tabs against a slow Flask endpoint.

    \b
    browserconc compare --tabs 10
    browserconc compare --server gunicorn-sync:4 --strategies raw-socket,tabs,contexts
    browserconc compare forum-thread
    browserconc compare --expect contexts=concurrent --json result.json
    """
    from browserconc import pipeline
    from browserconc import profile as profiles
    from browserconc.analysis.expectation import Expectation, ExpectationError, Gate

    try:
        name = profile_name or profile
        chosen = profiles.load(name) if name else None
        plan = profiles.plan(chosen, **options)
        expectations = [Expectation.parse(text, [trial.strategy for trial in plan.trials]) for text in expect]
        gates = [Gate.parse(text) for text in fail_on]
    except (profiles.UsageError, ExpectationError) as problem:
        raise click.UsageError(str(problem)) from problem
    if install_browser:
        _install_browser()
    folder = out or _new_recording()
    result, interrupted = _measured(lambda progress: pipeline.compare(plan, folder, progress), folder, quiet)
    _show(result, json_file, markdown, verbose)
    if interrupted:
        click.echo(f"Interrupted; what was measured is kept in {folder}.", err=True)
        return INTERRUPTED
    if not any(trial.requests for trial in result.trials):
        raise CannotMeasure(_first_doubt(result))
    checks: list[Expectation | Gate] = [*expectations, *gates]
    failures = [failure for check in checks if (failure := check.failure(result))]
    for failure in failures:
        click.echo(failure, err=True)
    return EXPECTATION_FAILED if failures else 0


@cli.command()
@click.argument("source", metavar="DIR|FILE", type=click.Path(path_type=Path))
@_report_options
def report(source: Path, json_file: str | None, markdown: str | None, verbose: bool) -> int:
    r"""Render a saved recording or JSON result again.

    \b
    browserconc report ~/.cache/browserconc/2026-11-21T10-38-02
    browserconc report result.json --markdown -
    """
    from browserconc import pipeline
    from browserconc.recording import RecordingError
    from browserconc.report import result_json

    try:
        is_run = source.is_dir()
        result = pipeline.analyze(source) if is_run else result_json.parse(source.read_bytes())
    except OSError as problem:
        raise CannotMeasure(f"{source} cannot be read ({problem.strerror}).") from problem
    except (RecordingError, result_json.ResultError) as problem:
        raise CannotMeasure(str(problem)) from problem
    _show(result, json_file, markdown, verbose)
    return 0


@cli.command()
@click.option("--install-browser", is_flag=True, help="Provide a browser where none is found.")
def doctor(install_browser: bool) -> int:
    """Say what this machine has and lacks for measuring."""
    from browserconc.lab.doctor import examine
    from browserconc.report.doctor import render

    if install_browser:
        _install_browser()
    checks = examine()
    click.echo(render(checks, colour=_colour(), width=_width()), nl=False)
    return CANNOT_MEASURE if any(check.ok is False and check.name == "browser" for check in checks) else 0


@cli.command()
@click.argument("cause_id", metavar="[ID]", required=False)
def causes(cause_id: str | None) -> int:
    """Print the catalogue of causes: how each is recognised and what removes it."""
    from browserconc.analysis.causes import CAUSES
    from browserconc.report.causes import render

    chosen = [cause for cause in CAUSES if cause_id in (None, cause.id)]
    if not chosen:
        raise click.UsageError(
            f"Unknown cause {cause_id!r}. Choices: {', '.join(cause.id for cause in CAUSES)}."
        )
    click.echo(render(chosen, colour=_colour(), width=_width()), nl=False)
    return 0


@cli.command()
def profiles() -> int:
    """List the run profiles that come with browserconc."""
    from browserconc.profile import names

    known = names()
    longest = max(len(name) for name, _ in known)
    for name, description in known:
        click.echo(f"{name:<{longest}}  {description}")
    return 0


@cli.command()
def schema() -> int:
    """Print the JSON Schema of the result."""
    from browserconc.report import result_json

    click.echo(json.dumps(result_json.schema(), indent=2))
    return 0


def _measured(measuring: Callable[[Any], Any], folder: Path, quiet: bool) -> tuple[Result, bool]:
    """Runs a measurement with its live view; on Ctrl-C, what was measured so far is the result."""
    from browserconc import pipeline
    from browserconc.lab.browser import BrowserError
    from browserconc.lab.process import ProcessError
    from browserconc.recording import RecordingError
    from browserconc.report.progress import TrialProgress

    try:
        try:
            with TrialProgress(quiet=quiet) as progress:
                return asyncio.run(_until_signal(measuring(progress))), False
        except (asyncio.CancelledError, KeyboardInterrupt):
            return pipeline.analyze(folder), True
    except (BrowserError, ProcessError, RecordingError) as problem:
        raise CannotMeasure(str(problem)) from problem


async def _until_signal(measuring: Any) -> Any:
    """SIGTERM and SIGHUP end a run as Ctrl-C does: in order."""
    task = asyncio.ensure_future(measuring)
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and sys.platform != "win32":
            loop.add_signal_handler(getattr(signal, name), task.cancel)
    return await task


def _show(result: Result, json_file: str | None, markdown: str | None, verbose: bool) -> None:
    from browserconc.report import markdown as markdown_report
    from browserconc.report import result_json, terminal

    written = False
    for target, render in ((json_file, result_json.render), (markdown, markdown_report.render)):
        if target == "-":
            click.echo(render(result), nl=False)
            written = True
        elif target:
            try:
                Path(target).write_text(render(result), encoding="utf-8")
            except OSError as problem:
                raise CannotMeasure(f"{target} cannot be written ({problem.strerror}).") from problem
    if not written:
        encoding = sys.stdout.encoding or "utf-8"
        text = terminal.render(result, width=_width(), colour=_colour(), verbose=verbose, encoding=encoding)
        click.echo(text, nl=False, color=_colour())


def _first_doubt(result: Result) -> str:
    doubts = [doubt for trial in result.trials for doubt in trial.verdict.doubts]
    said = [trial.verdict.doubts[1] for trial in result.trials if len(trial.verdict.doubts) > 1]
    return (said or doubts or ["Nothing was measured."])[0]


def _install_browser() -> None:
    """Provides a browser where none is found."""
    from browserconc.lab import installed_browsers

    if installed_browsers.find():
        return
    try:
        path = installed_browsers.install(tell=lambda line: click.echo(line, err=True))
    except installed_browsers.BrowserError as problem:
        raise CannotMeasure(str(problem)) from problem
    click.echo(f"Browser: {path} ({installed_browsers.version(path)})", err=True)


def _new_recording() -> Path:
    from platformdirs import user_cache_path

    stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    folder = user_cache_path("browserconc") / stamp
    number = 2
    while folder.exists():
        folder = folder.with_name(f"{stamp}-{number}")
        number += 1
    return folder


def _colour() -> bool:
    return sys.stdout.isatty()


def _width() -> int:
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
