"""What a host's robots.txt lets a program load, and how fast (RFC 9309)."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterable
from urllib.robotparser import RobotFileParser

from browserconc.evidence.secrets import masked

AGENT = "browserconc"
TIMEOUT_S = 10.0
LARGEST = 512 * 1024
"""Bytes; RFC 9309 asks for 500 KiB at least."""


class ForbiddenError(Exception):
    """An address that must not be loaded; one sentence."""


def rate(origin: str, urls: Iterable[str]) -> float | None:
    """The pages per second that an origin allows for these addresses of it; None for no cap.

    Blocks for at most `TIMEOUT_S`.

    Raises:
        ForbiddenError: robots.txt forbids one of them, or cannot be read.
    """
    rules = _rules(origin)
    for url in urls:
        if not rules.can_fetch(AGENT, url):
            raise ForbiddenError(f"{origin}/robots.txt forbids {masked(url)[:200]}, so it is not loaded.")
    delay, asked = rules.crawl_delay(AGENT), rules.request_rate(AGENT)
    rates = [1 / float(delay)] if delay and float(delay) > 0 else []
    rates += [asked.requests / asked.seconds] if asked and asked.seconds else []
    return min(rates, default=None)


def _rules(origin: str) -> RobotFileParser:
    """RFC 9309 2.3.1: without the file all is allowed, while it cannot be had nothing is."""
    parser = RobotFileParser()
    request = urllib.request.Request(f"{origin}/robots.txt", headers={"User-Agent": AGENT})  # noqa: S310 - http(s)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            parser.parse(answer.read(LARGEST).decode("utf-8", "replace").splitlines())
    except urllib.error.HTTPError as problem:
        problem.close()
        if problem.code >= 500:
            raise ForbiddenError(
                f"{origin}/robots.txt is answered with status {problem.code}: until it can be read, "
                "nothing may be loaded."
            ) from problem
        parser.parse([])
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "reason", problem)
        raise ForbiddenError(
            f"{origin}/robots.txt cannot be read ({reason}), so nothing is loaded."
        ) from problem
    return parser
