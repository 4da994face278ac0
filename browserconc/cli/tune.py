"""`browserconc tune`: how many browsers, contexts and tabs a crawler should run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from browserconc.cli.cluster import cluster_options
from browserconc.cli.exits import INTERRUPTED, CannotMeasure, WrongUsage
from browserconc.cli.measuring import measure
from browserconc.cli.output import check_targets, show_survey

if TYPE_CHECKING:
    from browserconc.lab.proxy import Proxy
    from browserconc.model.plan import BrowserChoice, Cluster
    from browserconc.tuning import Wanted

ENGINES = ("chromium", "firefox", "webkit")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def _bytes(context: click.Context, option: click.Parameter, text: str | None) -> int | None:
    """`4GB`, `800 MB` or a number of bytes; MiB and GiB are taken as such."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", text.lower())
    if not match or float(match[1]) == 0:
        raise click.BadParameter(f"{text!r} is no size: write for example 800MB or 4GB.")
    factor = 1024 ** "kmgt".index(match[2]) * 1024 if match[3] and match[2] else _UNITS[match[2]]
    return round(float(match[1]) * factor)


def _share(context: click.Context, option: click.Parameter, text: str | None) -> float | None:
    """`0.8` or `80%`."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    value = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= value <= 1:
        raise click.BadParameter(f"{text!r} is no share: write for example 0.8 or 80%.")
    return value


@click.command()
@click.argument("source", metavar="[URL|FILE]", required=False)
@click.option(
    "--budget",
    type=click.FloatRange(10, 86_400),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="For all of it.",
)
@click.option(
    "--goal",
    type=click.Choice(["throughput", "latency", "memory"]),
    default="throughput",
    show_default=True,
    help="Most pages per second; most per second of waiting; or most per byte.",
)
@click.option("--max-memory", callback=_bytes, metavar="SIZE", help="Of all browsers, such as 4GB.")
@click.option("--max-cpu", callback=_share, metavar="SHARE", help="Of all processors, such as 80%.")
@click.option(
    "--max-error-rate",
    callback=_share,
    default="2%",
    show_default=True,
    metavar="SHARE",
    help="Failed pages.",
)
@click.option(
    "--p95", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Of a page's time."
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Pages/s at most.")
@click.option("--proxy", "proxies", multiple=True, metavar="URL", help="One per context, in turn; repeat it.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=15,
    show_default=True,
    metavar="SECONDS",
    help="For one page.",
)
@click.option(
    "--browser", default="chromium", metavar="NAME|PATH", help="chromium, a channel or an executable."
)
@click.option(
    "--connect", multiple=True, metavar="WS-URL", help="Browsers of a Playwright server; repeat it for more."
)
@click.option(
    "--cdp", multiple=True, metavar="URL", help="A Chrome that runs already; repeat it for several browsers."
)
@click.option("--headed", is_flag=True, help="Show the browser's windows.")
@click.option("--i-may-load-this-host", "may_load", is_flag=True, help="For hosts that are not private.")
@cluster_options
@click.option("--dry-run", is_flag=True, help="Print what would be run, and run nothing.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - for stdout alone.")
@click.option("--html", "html_file", metavar="FILE|-", help="Write one self-contained page.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def tune(
    source: str | None,
    budget: float,
    goal: str,
    max_memory: int | None,
    max_cpu: float | None,
    max_error_rate: float,
    p95: float | None,
    rate: float | None,
    proxies: tuple[str, ...],
    timeout: float,
    browser: str,
    connect: tuple[str, ...],
    cdp: tuple[str, ...],
    headed: bool,
    may_load: bool,
    cluster: Cluster | None,
    dry_run: bool,
    json_file: str | None,
    html_file: str | None,
    quiet: bool,
) -> int:
    """Find how many browsers, contexts and tabs load the most pages here.

    Without a URL it loads pages of its own: five sub-resources, 0.1 s each. A FILE has one URL
    per line. With --cluster every host loads alike, and the setting is that of one host.

    \b
    browserconc tune
    browserconc tune http://127.0.0.1:8000/ --p95 2 --max-memory 4GB
    browserconc tune urls.txt --goal latency --budget 120 --json tune.json
    browserconc tune --cluster tcp://10.0.0.1:8786 --listen 10.0.0.1
    """
    from browserconc import tuning
    from browserconc.lab.leave import LeaveError
    from browserconc.lab.proxy import ProxyError
    from browserconc.lab.servers import ServerError
    from browserconc.model.plan import BrowserChoice
    from browserconc.model.tuning import Ceiling
    from browserconc.report import forms

    ceiling = Ceiling(
        memory_bytes=max_memory,
        cpu_share=max_cpu,
        error_share=max_error_rate,
        p95_ns=None if p95 is None else round(p95 * 1e9),
        budget_ns=round(budget * 1e9),
        goal=goal,  # type: ignore[arg-type]
        rate=rate,
        # Other hosts, and proxies, know no names below .localhost for this machine.
        own_pages=source is None and not proxies and (cluster is None or cluster.is_ours),
    )
    check_targets(json_file, html_file)
    remotes = _remotes(connect, cdp, browser)
    if remotes:
        unknown = {
            "--headed": headed,
            "--cluster": cluster is not None,
            "--max-memory": max_memory is not None,
            "--max-cpu": max_cpu is not None,
            "--goal memory": goal == "memory",
        }
        _refuse_beside_remotes([name for name, given in unknown.items() if given])
    choice = BrowserChoice(_browser(browser), headed)
    wanted = tuning.Wanted(
        _urls(source),
        choice,
        ceiling,
        timeout,
        allowed=may_load,
        proxies=_proxies(proxies),
        cluster=cluster,
        remotes=remotes,
    )
    if dry_run:
        _print_plan(wanted)
        return 0
    found = tuning.Found()
    try:
        interrupted = measure(lambda progress: tuning.tune(wanted, progress, found), quiet)
    except KeyboardInterrupt:
        interrupted = True
    except (LeaveError, ProxyError, ServerError) as problem:
        raise CannotMeasure(str(problem)) from problem
    tuned = tuning.tuning(wanted, found, interrupted=interrupted)
    show_survey(forms.of_tuning(tuned), {"json": json_file, "html": html_file})
    if interrupted:
        click.echo("Interrupted; this is the best of what was measured.", err=True)
        return INTERRUPTED
    if found.lost:
        raise CannotMeasure(found.lost)
    if tuned.advice.chosen is None:
        why = tuned.advice.doubts[0] if tuned.advice.doubts else "Nothing was loaded."
        raise CannotMeasure(f"No setting could be chosen: {why[:1].lower()}{why[1:]}")
    return 0


def _print_plan(wanted: Wanted) -> None:
    import asyncio

    from browserconc import tuning
    from browserconc.lab.dask_cluster import ClusterError

    try:
        click.echo(asyncio.run(tuning.plan(wanted)), nl=False)
    except ClusterError as problem:
        raise CannotMeasure(str(problem)) from problem


def _proxies(texts: tuple[str, ...]) -> tuple[Proxy, ...]:
    from browserconc.lab import proxy

    try:
        return tuple(proxy.parse(text) for text in texts)
    except proxy.ProxyError as problem:
        raise WrongUsage(str(problem)) from problem


def _urls(source: str | None) -> tuple[str, ...]:
    if source is None:
        return ()
    if "://" in source:
        return (source,)
    try:
        lines = Path(source).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no text"
        raise CannotMeasure(
            f"{source[:200]} cannot be read ({reason}): give a URL with http://, or a file with one per line."
        ) from problem
    urls = tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    if not urls:
        raise CannotMeasure(f"{source} names no address: write one per line.")
    return urls


def _remotes(connect: tuple[str, ...], cdp: tuple[str, ...], browser: str) -> tuple[BrowserChoice, ...]:
    """What leads to the browsers that others started; nothing where ours are wanted."""
    from browserconc import profile

    if connect and cdp:
        raise WrongUsage(
            "--connect and --cdp are two ways to browsers that others started: give one of them."
        )
    if (connect or cdp) and browser not in ENGINES:
        raise WrongUsage(
            f"--connect and --cdp lead to browsers that run already: beside them --browser is one of "
            f"{', '.join(ENGINES)}."
        )
    if len(set(cdp)) < len(cdp):
        raise WrongUsage("Each --cdp address leads to one browser: give it once.")
    try:
        return (
            *(profile.one_browser(browser, connect=address) for address in connect),
            *(profile.one_browser(browser, cdp=address) for address in cdp),
        )
    except profile.UsageError as problem:
        raise WrongUsage(str(problem)) from problem


def _refuse_beside_remotes(given: list[str]) -> None:
    if given:
        raise WrongUsage(
            f"{given[0]} is about browsers that are started for the search: leave it out beside --connect "
            "and --cdp."
        )


def _browser(name: str) -> str:
    from browserconc import profile

    try:
        return profile.plan(browser=name).browsers[0].name
    except profile.UsageError as problem:
        raise WrongUsage(str(problem)) from problem
