"""`browserconc profiles`: the run profiles that come with browserconc."""

from __future__ import annotations

import click


@click.command()
def profiles() -> int:
    """List the run profiles that come with browserconc.

    \b
    browserconc profiles
    browserconc compare forum-thread
    browserconc compare my-own.toml --tabs 20
    """
    from browserconc.profile import names

    known = names()
    longest = max(len(name) for name, _ in known)
    for name, description in known:
        click.echo(f"{name:<{longest}}  {description}")
    return 0
