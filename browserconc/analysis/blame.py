"""Browser or server: which of the two that may both hold tabs back is the one to name."""

from __future__ import annotations

from dataclasses import replace

from browserconc.analysis.service import host_and_path
from browserconc.model.finding import Kind, TrialFinding, Verdict
from browserconc.model.outside import ServerView

REFUSED = 429
"""Too Many Requests; a server that is asked for more than it wants to give answers this or 503."""
HELD_OPEN = 2.0
"""Tabs that take so many times what the server needs for their requests waited for its idle connections."""
SERVERS_SHARE = 0.25
"""A server's limit that accounts for less of the time that the tabs took is not what they waited for."""


def decided(tabs: TrialFinding, raw: TrialFinding | None, server: ServerView | None, url: str) -> Verdict:
    """Who holds the tabs back: of browser and server the one that lets fewer through.

    Where both let as few through it is the server, for without a browser it would be no faster.
    """
    verdict = tabs.verdict
    if not server or not server.cause:
        return verdict
    if _served_fewer(tabs, server):
        return _by_the_server(verdict, raw, server)
    if verdict.cause == server.cause and (more_ns := _held_open_ns(raw, tabs, server, url)):
        return _held_by_silence(verdict, more_ns, server)
    width = server.at_least or verdict.limit
    if verdict.cause == "server-width" and width is not None and width >= tabs.tabs:
        return _uneven(verdict, server.at_least, width)
    if verdict.cause == server.cause and server.at_least:
        return replace(verdict, kind="limited", limit=None)  # as many as were seen are not all
    narrower = (
        verdict.kind != "concurrent"
        and verdict.cause != server.cause
        and server.limit is not None
        and server.limit < tabs.tabs
        and (verdict.limit is None or server.limit <= verdict.limit)
    )
    return _by_the_server(verdict, raw, server) if narrower and _accounts_for(raw, tabs, url) else verdict


def reached(verdict: Verdict, deaf: tuple[str, ...]) -> Verdict:
    """Where nothing else is in the way, an address that does not answer is; every new connection waits."""
    lost = next((address for address in deaf if ":" in address), None)
    if lost is None or verdict.kind != "concurrent" or verdict.cause:
        return verdict
    because = (
        f"[{lost}] did not answer, another address of the host did: a browser tries it first, and waits "
        "in vain for a quarter of a second for each connection."
    )
    return replace(verdict, culprit="network", cause="localhost-ipv6", because=(because,))


def by_raw_sockets(server: ServerView) -> tuple[str, ...]:
    """The evidence of the examination, told as what raw sockets saw."""
    return tuple(f"Raw sockets: {line[:1].lower()}{line[1:]}" for line in server.because)


def _uneven(verdict: Verdict, at_least: int | None, width: int) -> Verdict:
    """A width that all tabs fit into holds none of them back, though some waited for the server."""
    number = f"at least {width}" if at_least else f"{width}"
    why = (
        f"The server works on {number} requests at once, more than there are tabs, yet some waited "
        "for it: processes that accept for themselves may take two requests while others have none."
    )
    return Verdict("undecided", None, None, None, verdict.share, (why, *verdict.doubts), verdict.because)


def _served_fewer(tabs: TrialFinding, server: ServerView) -> bool:
    """Were tabs refused by a server that was seen to refuse? They did not wait, nor were they served."""
    refused = worst_status(tabs) >= REFUSED and server.cause == "rate-limit"
    return refused and tabs.verdict.kind in ("concurrent", "undecided")


def _held_open_ns(raw: TrialFinding | None, tabs: TrialFinding, server: ServerView, url: str) -> int:
    """How much longer tabs took than the server needs, if silent connections were seen to stop it (ns)."""
    if raw is None or server.silence is None or server.cause != "server-width":
        return 0
    asked = sum(host_and_path(request.url) == host_and_path(url) for request in tabs.requests)
    needed_ns = round(raw.makespan_ns * asked / raw.tabs)
    return tabs.makespan_ns - needed_ns if tabs.makespan_ns > HELD_OPEN * needed_ns else 0


def _held_by_silence(verdict: Verdict, held_ns: int, server: ServerView) -> Verdict:
    because = (
        f"Tabs took {held_ns / 1e9:.1f} s more than raw sockets, which close their connections; the browser "
        f"keeps its own open, and beside {server.silence} silent one{'s' * (server.silence != 1)} "
        "the server answered nobody."
    )
    return replace(verdict, cause="idle-connection", because=(because, *verdict.because))


def _accounts_for(raw: TrialFinding | None, tabs: TrialFinding, url: str) -> bool:
    """Would what raw sockets waited for the server make a good part of what the tabs took?"""
    if raw is None:
        return True
    asked = sum(host_and_path(request.url) == host_and_path(url) for request in tabs.requests)
    return raw.makespan_ns * asked / raw.tabs >= SERVERS_SHARE * tabs.makespan_ns


def _by_the_server(verdict: Verdict, raw: TrialFinding | None, server: ServerView) -> Verdict:
    kind: Kind = "serial" if server.limit == 1 else "limited"
    return Verdict(
        kind,
        server.limit,
        server.culprit,
        server.cause,
        raw.verdict.share if raw and raw.verdict.cause == server.cause else 0.0,
        verdict.doubts,
        (*by_raw_sockets(server), *verdict.because),
    )


def worst_status(trial: TrialFinding) -> int:
    """The highest status among the answers that a load waited for."""
    return max((request.status or 0 for request in trial.requests if request.critical), default=0)
