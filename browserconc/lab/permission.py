"""Which addresses may be loaded again and again: our own, private ones, and others by leave.

Who asks for a foreign host says that he may load it; what its robots.txt forbids is left alone all the
same (RFC 9309), and a delay that it asks for caps the rate.
"""

from __future__ import annotations

import ipaddress
import socket
import urllib.error
import urllib.request
from collections.abc import Iterable
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

AGENT = "browserconc"
TIMEOUT_S = 10.0
LARGEST_ROBOTS = 512 * 1024
"""Bytes; RFC 9309 asks for 500 KiB at least."""


class PermissionMissingError(Exception):
    """An address that must not be loaded; one sentence."""


def ask(urls: Iterable[str], *, may_load: bool) -> float | None:
    """Whether all of these may be loaded; the pages per second that their hosts allow, None for no cap.

    Raises:
        PermissionMissingError: one of them may not, or is no address of a page.
    """
    by_origin: dict[str, list[str]] = {}
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise PermissionMissingError(f"{url[:200]} is no http:// or https:// address.")
        by_origin.setdefault(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", []).append(url)
    rates = [rate for origin, mine in by_origin.items() if (rate := _asked(origin, mine, may_load))]
    return min(rates, default=None)


def is_private(host: str) -> bool:
    """Whether every address of this host is a loopback, private or link-local one."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return False
    addresses = [ipaddress.ip_address(str(text).partition("%")[0]) for text in found]
    return bool(addresses) and all(each.is_private or each.is_loopback for each in addresses)


def _asked(origin: str, urls: list[str], may_load: bool) -> float | None:
    host = urlsplit(origin).hostname or ""
    if is_private(host):
        return None
    if not may_load:
        raise PermissionMissingError(
            f"{host} is not a host of yours as far as can be seen: with --i-may-load-this-host you say "
            "that you may load it, and --rate caps the pages per second."
        )
    return robots(origin, urls)


def robots(origin: str, urls: Iterable[str]) -> float | None:
    """The rate that an origin's robots.txt allows for these addresses.

    Raises:
        PermissionMissingError: it forbids one of them, or cannot be read.
    """
    rules = _rules(origin)
    for url in urls:
        if not rules.can_fetch(AGENT, url):
            raise PermissionMissingError(f"{origin}/robots.txt forbids {url[:200]}, so it is not loaded.")
    delay, rate = rules.crawl_delay(AGENT), rules.request_rate(AGENT)
    rates = [1 / float(delay)] if delay and float(delay) > 0 else []
    rates += [rate.requests / rate.seconds] if rate and rate.seconds else []
    return min(rates, default=None)


def _rules(origin: str) -> RobotFileParser:
    """RFC 9309 2.3.1: without the file all is allowed, while it cannot be had nothing is."""
    parser = RobotFileParser()
    request = urllib.request.Request(f"{origin}/robots.txt", headers={"User-Agent": AGENT})  # noqa: S310 - http(s), see ask
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            parser.parse(answer.read(LARGEST_ROBOTS).decode("utf-8", "replace").splitlines())
    except urllib.error.HTTPError as problem:
        problem.close()
        if problem.code >= 500:
            raise PermissionMissingError(
                f"{origin}/robots.txt is answered with status {problem.code}: until it can be read, "
                "nothing may be loaded."
            ) from problem
        parser.parse([])
    except (OSError, ValueError) as problem:
        raise PermissionMissingError(
            f"{origin}/robots.txt cannot be read ({getattr(problem, 'reason', problem)}): nothing is loaded."
        ) from problem
    return parser
