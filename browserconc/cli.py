"""Arguments → pipeline → text → exit code: the only printing, the only exit."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from browserconc import __version__
from browserconc.lab import interruption
from browserconc.report import streams

if TYPE_CHECKING:
    from browserconc.model.finding import Result
    from browserconc.model.server_row import ServerRow

EXPECTATION_FAILED = 1
WRONG_USAGE = 2
CANNOT_MEASURE = 3
INTERRUPTED = 130

_Command = TypeVar("_Command", bound=Callable[..., Any])


def main() -> None:
    """Runs the command line and exits with the contract's exit code."""
    streams.replace_missing()
    interruption.treat_alike()
    try:
        code, said = _run()
    except (click.Abort, KeyboardInterrupt):
        code, said = INTERRUPTED, "Interrupted."
    interruption.stop_listening()
    if said:
        with suppress(OSError):
            click.echo(said, err=True)
    streams.flush()
    sys.exit(code)


def _run() -> tuple[int, str]:
    """The exit code of the command, and the last word on stderr."""
    try:
        code = cli.main(standalone_mode=False)
    except click.UsageError as problem:
        with suppress(OSError):
            problem.show()
        return problem.exit_code, ""
    except click.ClickException as problem:
        return problem.exit_code, f"Error: {problem.format_message()}"
    except BrokenPipeError:  # `| head`
        return 0, ""
    except OSError as problem:  # nothing else fails here without a sentence of its own
        return CANNOT_MEASURE, f"Error: The output cannot be written ({problem.strerror or problem})."
    return code if isinstance(code, int) else 0, ""


class WrongUsage(click.ClickException):
    """Exit 2: one sentence that names the choices."""

    exit_code = WRONG_USAGE


class CannotMeasure(click.ClickException):
    """Exit 3: one sentence, what failed and what to do."""

    exit_code = CANNOT_MEASURE


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="browserconc")
def cli() -> None:
    """Why don't my tabs run in parallel?

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
            click.option("--work", metavar="KIND", help="How: sleep, compute or block.  [sleep]"),
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


_FILES = {
    "html": "Write one self-contained page with every waterfall.",
    "har": "Write HAR 1.2, with what blocked each request by cause.",
    "perfetto": "Write a trace for ui.perfetto.dev.",
    "junit": "Write JUnit XML, with a test case per trial and per expectation.",
}
"""Further reports, by their option; `report/files.py` renders them."""
_WANTED = "browserconc.files"


def _wanted(context: click.Context, option: click.Parameter, target: str | None) -> None:
    """Notes a file for `_show`, so that no command need hand it on."""
    if target:
        _check_targets(target)
        context.meta.setdefault(_WANTED, {})[option.name] = target


def _report_options(command: _Command) -> _Command:
    for option in reversed(
        [
            click.option(
                "--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - for stdout alone."
            ),
            click.option("--markdown", metavar="FILE|-", help="Write the report as Markdown."),
            *(
                click.option(f"--{name}", metavar="FILE|-", help=what, expose_value=False, callback=_wanted)
                for name, what in _FILES.items()
            ),
            click.option("--verbose", "-v", is_flag=True, help="Draw every request of every strategy."),
        ]
    ):
        command = option(command)
    return command


@cli.command()
@click.argument("profile_name", metavar="[PROFILE]", required=False)
@_run_options
@_report_options
@click.option("--out", metavar="DIR", help="Where the recording is kept.")
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
    out: str | None,
    quiet: bool,
    install_browser: bool,
    expect: tuple[str, ...],
    fail_on: tuple[str, ...],
    profile: str | None,
    **options: Any,
) -> int:
    """Contrast raw sockets with browser tabs against a slow Flask endpoint.

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
        raise WrongUsage(str(problem)) from problem
    _check_targets(json_file, markdown)
    if install_browser:
        _install_browser()
    if out == "":
        raise WrongUsage("--out must name a folder.")
    folder = Path(out) if out else _new_recording()
    try:
        interrupted = _measure(lambda progress: pipeline.compare(plan, folder, progress), quiet)
        result = _analyzed(folder)
        demands: list[Expectation | Gate] = [*expectations, *gates]
        checks = [
            (text, demand.failure(result)) for text, demand in zip((*expect, *fail_on), demands, strict=True)
        ]
        _show(result, json_file, markdown, verbose, checks)
    except KeyboardInterrupt:
        interrupted = True
    if interrupted:
        click.echo(f"Interrupted; `browserconc report {folder}` shows what was measured.", err=True)
        return INTERRUPTED
    if reason := _unmeasured(result):
        raise CannotMeasure(reason)
    failures = [failure for _, failure in checks if failure]
    for failure in failures:
        click.echo(failure, err=True)
    return EXPECTATION_FAILED if failures else 0


@cli.command()
@click.argument("source", metavar="DIR|FILE", type=click.Path(path_type=Path))
@_report_options
def report(source: Path, json_file: str | None, markdown: str | None, verbose: bool) -> int:
    """Render a saved recording or JSON result again.

    \b
    browserconc report ~/.cache/browserconc/2026-11-21T10-38-02
    browserconc report result.json --markdown -
    """
    from browserconc.report import result_json

    _check_targets(json_file, markdown)
    try:
        if source.is_char_device():  # a terminal says nothing and /dev/zero never ends
            raise CannotMeasure(f"{source} is a device; give a recording's folder or a result's file.")
        result = _analyzed(source) if source.is_dir() else result_json.parse(source.read_bytes())
    except OSError as problem:
        raise CannotMeasure(f"{source} cannot be read ({problem.strerror}).") from problem
    except result_json.ResultError as problem:
        raise CannotMeasure(f"{source} cannot be used: {problem}") from problem
    _show(result, json_file, markdown, verbose)
    return 0


@cli.command()
@click.argument("source", metavar="DIR|FILE", type=click.Path(path_type=Path))
@click.option("--url", metavar="GLOB", help="Only requests whose address matches; * is any text.")
@click.option(
    "--since",
    type=click.FloatRange(0),
    default=0,
    metavar="SECONDS",
    help="Only requests that began so long after the log.",
)
@click.option("--top", type=click.IntRange(1), default=10, metavar="N", help="Rows of each table.  [10]")
@_report_options
def explain(
    source: Path,
    url: str | None,
    since: float,
    top: int,
    json_file: str | None,
    markdown: str | None,
    verbose: bool,
) -> int:
    """Say what requests waited for, by a log or recording: NetLog, trace, HAR.

    \b
    browserconc explain chrome-net-export-log.json
    browserconc explain crawl.json.gz --url '*/api/*' --top 20
    """
    from browserconc.explain import Choice, LogError
    from browserconc.explain import explain as explain_log

    _check_targets(json_file, markdown)
    choice = Choice(url, since)
    try:
        if source.is_dir():
            from browserconc import explain_recording

            result = explain_recording.explain(source, choice)
        else:
            result = explain_log(source, choice)
    except LogError as problem:
        raise CannotMeasure(str(problem)) from problem
    _show(result, json_file, markdown, verbose, top=top)
    return 0


@cli.command()
@click.option(
    "--cdp", default="http://127.0.0.1:9222", metavar="URL", help="Its debugging port.  [127.0.0.1:9222]"
)
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), default=30, help="How long to watch.  [30]"
)
@click.option("--url", metavar="GLOB", help="Only requests whose address matches; * is any text.")
@click.option("--top", type=click.IntRange(1), default=10, metavar="N", help="Rows of each table.  [10]")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep what was seen, for `explain`."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@_report_options
def watch(
    cdp: str,
    seconds: float,
    url: str | None,
    top: int,
    out: Path | None,
    quiet: bool,
    json_file: str | None,
    markdown: str | None,
    verbose: bool,
) -> int:
    """Watch a running browser and say what its tabs waited for.

    It is not disturbed: no page is opened, attached to, focused or closed.

    \b
    chromium --remote-debugging-port=9222 --user-data-dir=/some/folder
    browserconc watch --cdp http://127.0.0.1:9222 --seconds 30
    """
    from browserconc import watch as watching
    from browserconc.explain import Choice, LogError
    from browserconc.report.watch_line import watch_line

    _check_targets(json_file, markdown, str(out) if out else None)
    try:
        with watch_line(quiet=quiet) as tell:
            result, interrupted = watching.run(cdp, seconds, out, Choice(url), tell)
    except (watching.UnreachableError, watching.WatchError, watching.ProcessError, LogError) as problem:
        raise CannotMeasure(str(problem)) from problem
    _show(result, json_file, markdown, verbose, top=top)
    return INTERRUPTED if interrupted else 0


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
@click.argument("names", metavar="[NAME…]", nargs=-1)
@click.option("--json", "json_file", metavar="FILE|-", help="Write the rows as JSON; - for stdout alone.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def servers(names: tuple[str, ...], json_file: str | None, quiet: bool) -> int:
    """Measure what each server really does at once, by raw sockets.

    \b
    browserconc servers
    browserconc servers gunicorn-sync:4 gunicorn-gthread:2x4 --json -
    """
    from browserconc import survey
    from browserconc.lab.servers import TABLE, parse
    from browserconc.report import servers as servers_page
    from browserconc.report import servers_json

    try:
        specs = list(dict.fromkeys(parse(name).spec for name in names or TABLE))
    except ValueError as problem:
        raise WrongUsage(str(problem)) from problem
    _check_targets(json_file)
    rows: list[ServerRow] = []
    interrupted = _measure(lambda progress: survey.measure(specs, progress, rows), quiet)
    surveyed = survey.here(rows)
    text = servers_json.render(surveyed)
    if json_file and json_file != "-":
        _write(json_file, text)
    page = text if json_file == "-" else servers_page.render(surveyed, colour=_colour(), width=_width())
    click.echo(page, nl=False)
    if interrupted:
        return INTERRUPTED
    return CANNOT_MEASURE if all(row.error for row in rows) else 0


@cli.command()
@click.option("--server", "name", default="werkzeug-threaded", show_default=True, metavar="NAME")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="0 takes a free one.  [0]")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Ends by itself after this.")
def serve(name: str, port: int, seconds: float | None) -> int:
    """Run the slow endpoint alone, for clients of your own, and show what is in flight.

    \b
    browserconc serve --server gunicorn-sync:4 --port 8000
    curl 'http://127.0.0.1:8000/slow?delay=2'       and http://127.0.0.1:8000/ in a browser
    """
    from browserconc.lab.lone_server import serve as run
    from browserconc.lab.process import ProcessError
    from browserconc.lab.servers import ServerError, parse
    from browserconc.report.serve_view import ServeView

    try:
        server = parse(name)
    except ValueError as problem:
        raise WrongUsage(str(problem)) from problem
    try:
        with ServeView() as view:
            interruption.run(
                lambda: run(server, port, lambda origin: click.echo(f"{origin}/"), view.show, seconds)
            )
    except interruption.InterruptionError:
        return INTERRUPTED
    except (ServerError, ProcessError) as problem:
        raise CannotMeasure(str(problem)) from problem
    return 0


@cli.command()
@click.argument("cause_id", metavar="[ID]", required=False)
def causes(cause_id: str | None) -> int:
    """Print the catalogue of causes: how each is recognised and what removes it."""
    from browserconc.analysis.causes import CAUSES
    from browserconc.report.causes import render

    chosen = [cause for cause in CAUSES if cause_id in (None, cause.id)]
    if not chosen:
        raise WrongUsage(f"Unknown cause {cause_id!r}. Choices: {', '.join(cause.id for cause in CAUSES)}.")
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


def _measure(measuring: Callable[[Any], Any], quiet: bool) -> bool:
    """Runs a measurement with its live view; True if it was interrupted, and all it started is gone."""
    from browserconc.lab.browser import BrowserError
    from browserconc.lab.process import ProcessError
    from browserconc.recording import RecordingError
    from browserconc.report.progress import TrialProgress

    try:
        with TrialProgress(quiet=quiet) as progress:
            interruption.run(lambda: measuring(progress))
    except interruption.InterruptionError as stop:
        if stop.in_haste:
            raise KeyboardInterrupt from None
        return True
    except (BrowserError, ProcessError, RecordingError) as problem:
        raise CannotMeasure(str(problem)) from problem
    return False


def _analyzed(folder: Path) -> Result:
    from browserconc import pipeline
    from browserconc.recording import RecordingError

    try:
        return pipeline.analyze(folder)
    except RecordingError as problem:
        raise CannotMeasure(str(problem)) from problem


def _check_targets(*targets: str | None) -> None:
    """A report that could not be written is refused before anything is measured for it."""
    for target in targets:
        if target and target != "-" and not Path(target).parent.is_dir():
            raise CannotMeasure(f"{target} cannot be written: there is no such folder.")


def _show(
    result: Result,
    json_file: str | None,
    markdown: str | None,
    verbose: bool,
    checks: Sequence[tuple[str, str | None]] = (),
    top: int = 10,
) -> None:
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
            _write(target, render())
    if not written:
        encoding = sys.stdout.encoding or "utf-8"
        in_terminal = (
            partial(explained.render, top=top) if observed else partial(terminal.render, verbose=verbose)
        )
        text = in_terminal(result, width=_width(), colour=_colour(), encoding=encoding)
        click.echo(text, nl=False, color=_colour())


def _write(target: str, text: str) -> None:
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise CannotMeasure(f"{target} cannot be written ({problem.strerror}).") from problem


def _unmeasured(result: Result) -> str | None:
    """Why a trial that was asked for has no answer at all; None where each has one."""
    for trial in result.trials:
        if not any(request.error is None for request in trial.requests):
            verdict, *reasons = trial.verdict.doubts
            plain = [reason for reason in reasons if "died" in reason or "failed" in reason]
            return f"{trial.strategy} could not be measured: {(plain or reasons or [verdict])[0]}"
    return None if result.trials else "Nothing was measured."


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
    dumb = os.environ.get("TERM") == "dumb" or os.environ.get("NO_COLOR")  # https://no-color.org
    return sys.stdout.isatty() and not dumb


def _width() -> int:
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
