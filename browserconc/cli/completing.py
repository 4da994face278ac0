"""What the shell offers for a value that is being typed: names that exist."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem


def servers(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of servers."""
    from browserconc.lab.servers import TABLE

    return _beginning(begun, TABLE)


def strategies(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of strategies, in a list with commas those that are not in it yet."""
    from browserconc.lab.strategies import STRATEGIES

    before, comma, last = begun.rpartition(",")
    left = [name for name in (*STRATEGIES, "all", "default") if name not in before.split(",")]
    return [CompletionItem(f"{before}{comma}{item.value}") for item in _beginning(last, left)]


def profiles(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of run profiles, with what they are for."""
    from browserconc.profile import names

    return [CompletionItem(name, help=what) for name, what in names() if name.startswith(begun)]


def causes(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Ids of causes."""
    from browserconc.report import cause_guide

    return _beginning(begun, cause_guide.names())


def _beginning(begun: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(begun)]
