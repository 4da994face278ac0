"""The sentences of `tune`, for the terminal and for the page: what to run, why, and what else was seen."""

from __future__ import annotations

from dataclasses import dataclass

from browserconc.model.tuning import Point, Setting, Tuning, Unit, Variation
from browserconc.report.legend import look
from browserconc.report.wording import count, megabytes, percent, seconds

_ABOUT = 0.1
"""A variation that differs by less than a tenth is called as good."""
UNITS: dict[Unit, tuple[str, str]] = {
    "CONTEXT": ("c", "contexts of one tab"),
    "PAGE": ("p", "tabs of one context"),
    "BROWSER": ("b", "browsers of one tab"),
}
"""Each unit's letter in the plot, and what it multiplies."""
MIXED = ("m", "mixed")


def headline(tuned: Tuning) -> str:
    """What was loaded, and in what."""
    browser = tuned.environment.browser
    driven = f", {browser.name} {browser.version.split('.')[0]}" if browser else ""
    proxies = len(tuned.proxies)
    through = f" through {proxies} {'proxy' if proxies == 1 else 'proxies'}" if proxies else ""
    where = f"{count(tuned.environment.cpus, 'processor')}"
    if tuned.hosts:
        where = f"on {count(len(tuned.hosts), 'host')}"
    elif tuned.remotes:
        where = f"at {tuned.remotes[0]}" if len(tuned.remotes) == 1 else f"at {len(tuned.remotes)} addresses"
    return f"How many tabs for {tuned.target}{through}{driven}, {where}"


def summary(tuned: Tuning) -> str:
    """The answer in one paragraph."""
    point = tuned.advice.chosen
    if point is None:
        loaded = any(each.pages for each in tuned.advice.points)
        return f"No setting {'that was measured keeps to the limits' if loaded else 'could be measured'}."
    memory = f", {megabytes(point.memory_bytes)}" if point.memory_bytes else ""
    so_far = "so far " if tuned.interrupted else ""
    hosts = f", on each of {len(tuned.hosts)} hosts" if len(tuned.hosts) > 1 else ""
    together = " from all of them together" if hosts else ""
    if hosts and memory:
        memory += " on each at most"
    return (
        f"Best {so_far}{_for(tuned)}{hosts}: {boxes(point.setting)}: {rate(point)} pages/s{together}, half "
        f"of them within {seconds(point.p50_ns)} s and 95 % within {seconds(point.p95_ns)} s{memory}. "
        f"{held(tuned)}"
    )


@dataclass(frozen=True, slots=True)
class HostRow:
    """A host's line in the table of hosts, ready to be printed."""

    host: str
    rate: str
    p95: str
    memory: str
    cpu: str
    clock: str


HOST_COLUMNS = ("host", "pages/s", "p95", "memory", "CPU", "clock known to")


def hosts(tuned: Tuning) -> list[HostRow]:
    """What each host did at the chosen setting; nothing where it was this machine alone."""
    known = {facts.host: facts for facts in tuned.hosts}
    return [
        HostRow(
            one.host,
            f"{one.pages_per_s:.1f} ± {one.rate_error:.1f}",
            f"{seconds(one.p95_ns)} s",
            megabytes(one.memory_bytes) if one.memory_bytes else "-",
            percent(one.cpu_share),
            f"{known[one.host].clock_error_ns / 1e6:.2f} ms" if one.host in known else "-",
        )
        for one in tuned.advice.hosts
    ]


def _for(tuned: Tuning) -> str:
    return {"throughput": "for throughput", "latency": "for latency", "memory": "for its memory"}[tuned.goal]


def boxes(setting: Setting) -> str:
    """`1 browser, 8 contexts in it, 2 tabs in each (16 in all)`."""
    parts = [count(setting.browsers, "browser")]
    each = " in it" if setting.browsers == 1 else " in each"
    parts.append(f"{count(setting.contexts, 'context')}{each}")
    alone = setting.browsers * setting.contexts == 1
    parts.append(f"{count(setting.tabs, 'tab')} in {'it' if alone else 'each'}")
    several = sum(n > 1 for n in (setting.browsers, setting.contexts, setting.tabs)) > 1
    return ", ".join(parts) + (f" ({setting.total} tabs in all)" if several else "")


def held(tuned: Tuning) -> str:
    """What binds at the chosen setting, as a sentence."""
    point = tuned.advice.chosen
    assert point
    unit = tuned.advice.fitted_unit
    match point.bound_by:
        case "machine-saturated":
            where = "a host" if tuned.hosts else "this machine"
            return (
                f"There {where} binds: its processors are {percent(point.cpu_share or 0)} busy, so more tabs "
                "wait for their turn."
            )
        case "rate-cap":
            return "There the rate cap binds."
        case None:
            service = tuned.advice.waiting.get("service", 0.0)
            server = (
                f": the server's work is {percent(service)} of the requests' time" if service >= 0.5 else ""
            )
            why = tuned.advice.stopped.get(unit) if unit else None
            ended = f"; growth ended because {why}" if why else ""
            return f"Nothing here was seen to bind{server}{ended}." if why or server else ""
        case cause:
            share = percent(tuned.advice.waiting.get(cause, 0.0))
            return f"There {look(cause).name} binds: {share} of the requests' time."


def rate(point: Point) -> str:
    """A rate with its error: `12.8 ± 0.3`."""
    return f"{point.pages_per_s:.1f} ± {point.rate_error:.1f}"


def knee(tuned: Tuning) -> str:
    """What the fitted curve says, or nothing where there is none."""
    fit, unit = tuned.advice.fit, tuned.advice.fitted_unit
    if fit is None or unit is None:
        return ""
    law = f"Universal Scalability Law over {UNITS[unit][1]}: sigma {fit.sigma:.3f}, kappa {fit.kappa:.4f}"
    if fit.knee is None:
        least = f"; it lies above {fit.knee_low:.0f} tabs" if fit.knee_low else ""
        return f"{law}; no peak in sight{least}."
    low = f"{fit.knee_low:.0f}" if fit.knee_low is not None else "?"
    high = f"{fit.knee_high:.0f}" if fit.knee_high is not None else "no end in sight"
    return f"{law}; the peak is at {fit.knee:.0f} tabs (95 %: {low} to {high})."


def stopped(tuned: Tuning) -> list[str]:
    """Why each unit grew no further."""
    return [f"{unit}: {tuned.advice.stopped[unit]}" for unit in UNITS if unit in tuned.advice.stopped]


def variation(one: Variation) -> str:
    """`a new tab per page: 9.8 pages/s, 24 % less`."""
    difference = one.ratio - 1
    if abs(difference) < _ABOUT:
        said = "about the same"
    else:
        said = f"{percent(abs(difference))} {'more' if difference > 0 else 'less'}"
    return f"{one.change}: {one.pages_per_s:.1f} pages/s, {said}"


def worn(tuned: Tuning) -> str:
    """When a context should be replaced, or that nothing was seen."""
    wear = tuned.advice.wear
    if wear is None:
        return ""
    if wear.recycle_after is None:
        return f"No wear within the {wear.pages_per_tab} pages that each tab loaded at most."
    why = []
    if wear.bytes_per_page:
        why.append(f"memory grew by {wear.bytes_per_page / 1e3:.0f} kB per page")
    if wear.slower_per_100 and wear.slower_per_100 > 0:
        why.append(f"pages took {wear.slower_per_100:.0%} longer after a hundred")
    return f"Replace a context after about {wear.recycle_after} pages: {' and '.join(why)}."


def bound(point: Point) -> str:
    """What binds at one point, in a word or two."""
    if point.bound_by is None:
        return "-"
    return "rate cap" if point.bound_by == "rate-cap" else look(point.bound_by).name


def letter(setting: Setting) -> str:
    """The letter that stands for a setting in the plot."""
    several = sum(n > 1 for n in (setting.browsers, setting.contexts, setting.tabs)) > 1
    return MIXED[0] if several else UNITS[setting.unit][0]
