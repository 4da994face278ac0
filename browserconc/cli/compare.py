"""`browserconc compare`: the same work through raw sockets and browser strategies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from browserconc.cli import completing
from browserconc.cli.cluster import check_shared, cluster_options
from browserconc.cli.exits import EXPECTATION_FAILED, INTERRUPTED, CannotMeasure, WrongUsage
from browserconc.cli.measuring import analyzed, measure, provide_browser, unmeasured
from browserconc.cli.options import report_options, run_options
from browserconc.cli.output import check_targets, show
from browserconc.model.plan import Cluster


@click.command()
@click.argument("profile_name", metavar="[PROFILE]", required=False, shell_complete=completing.profiles)
@run_options
@report_options
@cluster_options
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
    cluster: Cluster | None,
    **options: Any,
) -> int:
    """Contrast raw sockets with browser tabs against a slow Flask endpoint.

    \b
    browserconc compare --tabs 10
    browserconc compare --server gunicorn-sync:4 --strategies raw-socket,tabs,contexts
    browserconc compare forum-thread
    browserconc compare --expect contexts=concurrent --json result.json
    """
    from browserconc import pipeline, recording
    from browserconc import profile as profiles
    from browserconc.analysis.expectation import Expectation, ExpectationError, Gate

    try:
        name = profile_name or profile
        chosen = profiles.load(name) if name else None
        plan = replace(profiles.plan(chosen, **options), cluster=cluster)
        expectations = [Expectation.parse(text, [trial.strategy for trial in plan.trials]) for text in expect]
        gates = [Gate.parse(text) for text in fail_on]
    except (profiles.UsageError, ExpectationError) as problem:
        raise WrongUsage(str(problem)) from problem
    if cluster:
        check_shared(plan)
    check_targets(json_file, markdown)
    if install_browser:
        provide_browser()
    if out == "":
        raise WrongUsage("--out must name a folder.")
    folder = Path(out) if out else recording.new_folder()
    try:
        run = pipeline.compare_on_hosts if cluster else pipeline.compare
        interrupted = measure(lambda progress: run(plan, folder, progress), quiet)
        result = analyzed(folder)
        demands: list[Expectation | Gate] = [*expectations, *gates]
        checks = [
            (text, demand.failure(result)) for text, demand in zip((*expect, *fail_on), demands, strict=True)
        ]
        show(result, json_file, markdown, verbose, checks)
    except KeyboardInterrupt:
        interrupted = True
    if interrupted:
        click.echo(f"Interrupted; `browserconc report {folder}` shows what was measured.", err=True)
        return INTERRUPTED
    if reason := unmeasured(result):
        raise CannotMeasure(reason)
    failures = [failure for _, failure in checks if failure]
    for failure in failures:
        click.echo(failure, err=True)
    return EXPECTATION_FAILED if failures else 0
