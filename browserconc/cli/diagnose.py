"""`browserconc diagnose`: why the tabs of a URL do not load in parallel."""

from __future__ import annotations

from pathlib import Path

import click

from browserconc.cli.exits import INTERRUPTED, CannotMeasure, WrongUsage
from browserconc.cli.measuring import analyzed, measure
from browserconc.cli.options import HTTP, WORKLOAD, remote_options, report_options
from browserconc.cli.output import check_targets, show


@click.command()
@click.argument("url")
@click.option("--tabs", type=click.IntRange(1, 100), metavar="N", help="How many tabs at once.  [10]")
@click.option("--wait-for", metavar="WHAT", help="load, networkidle, request:GLOB or a selector.  [rest]")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Sent with each request.")
@click.option("--cookie", "cookies", multiple=True, metavar="NAME=VALUE", help="Sent with each request.")
@click.option("--storage-state", metavar="FILE", help="Cookies and storage, saved by Playwright.")
@click.option("--login", metavar="SCRIPT.py", help="Defines `async def login(page)`, run once before.")
@WORKLOAD
@click.option(
    "--method", default="GET", metavar="METHOD", help="Of the requests; tabs fetch() others.  [GET]"
)
@click.option("--body", metavar="TEXT|@FILE", help="Sent with each request.")
@click.option("--ignore-https-errors", is_flag=True, help="Accept a certificate that does not check.")
@click.option("--i-may-load-this-host", "allowed", is_flag=True, help="Needed for a host of others.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="For one tab.  [30]"
)
@click.option(
    "--browser", default="chromium", metavar="NAME|PATH", help="chromium, a channel or an executable."
)
@remote_options
@HTTP
@click.option("--headed", is_flag=True, help="Show the browser's windows.")
@click.option("--stock-switches", is_flag=True, help="Chromium as users start it; hidden tabs are hidden.")
@click.option(
    "--ledger", type=click.Path(path_type=Path), metavar="FILE", help="Written by browserconc.middleware."
)
@click.option("--out", metavar="DIR", help="Where the recording is kept.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@report_options
def diagnose(
    url: str,
    tabs: int | None,
    wait_for: str | None,
    headers: tuple[str, ...],
    cookies: tuple[str, ...],
    storage_state: str | None,
    login: str | None,
    workload: str | None,
    method: str,
    body: str | None,
    ignore_https_errors: bool,
    allowed: bool,
    timeout: float | None,
    browser: str,
    connect: str | None,
    cdp: str | None,
    http: str | None,
    headed: bool,
    stock_switches: bool,
    ledger: Path | None,
    out: str | None,
    quiet: bool,
    json_file: str | None,
    markdown: str | None,
    verbose: bool,
) -> int:
    """Say why the tabs of a URL do not load in parallel.

    One tab alone, raw sockets at once, tabs at once; then what would remove the suspected cause is run.

    \b
    browserconc diagnose http://127.0.0.1:5000/slow
    browserconc diagnose http://localhost:8000/app --wait-for '#table' --storage-state state.json
    browserconc diagnose http://localhost:8000/events --workload sse --tabs 7
    """
    from browserconc import diagnosis, profile, recording
    from browserconc.model.target import Target

    check_targets(json_file, markdown)
    sent = [_pair(text, ":", "--header", "'Name: value'") for text in headers]
    if body is not None and not any(name.lower() == "content-type" for name, _ in sent):
        sent.append(("Content-Type", "application/x-www-form-urlencoded"))  # as curl -d does
    try:
        address, asked = profile.asked_for(url, workload)
        choice = profile.one_browser(
            browser, headed=headed, connect=connect, cdp=cdp, stock_switches=stock_switches, http=http
        )
    except profile.UsageError as problem:
        raise WrongUsage(str(problem)) from problem
    target = Target(
        url=address,
        method=method.upper(),
        headers=tuple(sent),
        cookies=tuple(_pair(text, "=", "--cookie", "name=value") for text in cookies),
        body=_body(body),
        storage_state=storage_state,
        verify_tls=not ignore_https_errors,
        wait_for=wait_for or "rest",
        workload=asked,
    )
    if asked != "navigate" and wait_for:
        raise WrongUsage("--wait-for is for pages: with a --workload a tab is done when it has its answer.")
    if asked not in ("navigate", "fetch") and (target.method != "GET" or body is not None):
        raise WrongUsage(
            f"--method and --body are for fetch(): --workload {asked} sends a GET without a body."
        )
    if http and (cdp or connect):
        raise WrongUsage(
            "--http is a switch of a browser that is started; one that runs already has its own."
        )
    if cdp and (headers or cookies or storage_state or login):
        raise WrongUsage(
            "--cookie, --header, --storage-state and --login are not put into a browser that runs already: "
            "log in there by hand."
        )
    question = diagnosis.Question(
        target,
        tabs,
        choice,
        login=login,
        allowed=allowed,
        timeout_s=timeout,
        ledger=ledger,
        http2=http == "2",
    )
    if any(name in browser.lower() for name in ("firefox", "webkit")):
        raise WrongUsage(
            "diagnose reads the browser's own network log, which only Chromium and its kin write: "
            "--browser chromium, chrome, msedge or the path of one."
        )
    if out == "":
        raise WrongUsage("--out must name a folder.")
    folder = Path(out) if out else recording.new_folder()
    try:
        interrupted = measure(lambda progress: diagnosis.diagnose(question, folder, progress), quiet)
    except diagnosis.DiagnosisError as problem:
        raise CannotMeasure(str(problem)) from problem
    result = analyzed(folder)
    show(result, json_file, markdown, verbose)
    if interrupted:
        click.echo(f"Interrupted; `browserconc report {folder}` shows what was measured.", err=True)
        return INTERRUPTED
    return 0


def _pair(text: str, between: str, option: str, form: str) -> tuple[str, str]:
    name, found, value = text.partition(between)
    if not found or not name.strip():
        raise WrongUsage(f"{option} must have the form {form}.")
    return name.strip(), value.strip()


def _body(text: str | None) -> bytes | None:
    if text is None or not text.startswith("@"):
        return None if text is None else text.encode()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as problem:
        raise CannotMeasure(f"{text[1:]} cannot be read ({problem.strerror}).") from problem
