"""`browserconc causes`: the catalogue of causes, and one of them at length."""

from __future__ import annotations

import click

from browserconc.cli import completing
from browserconc.cli.exits import WrongUsage
from browserconc.cli.output import colour, width


@click.command()
@click.argument("cause_id", metavar="[ID]", required=False, shell_complete=completing.causes)
def causes(cause_id: str | None) -> int:
    """Print the catalogue of causes, or all about one of them.

    The catalogue says how each is recognised and what removes it. For one ID: what people say who
    meet it, why it happens, how to see it by hand in DevTools, and what the server, the page, the
    test and the crawler can do.

    \b
    browserconc causes
    browserconc causes cache-lock
    """
    from browserconc.analysis.causes import CAUSES
    from browserconc.report import cause_guide
    from browserconc.report import causes as catalogue

    if cause_id is None:
        click.echo(catalogue.render(CAUSES, colour=colour(), width=width()), nl=False)
        return 0
    guide = cause_guide.load(cause_id)
    if guide is None:
        raise WrongUsage(f"Unknown cause {cause_id!r}. Choices: {', '.join(cause_guide.names())}.")
    cause = next((cause for cause in CAUSES if cause.id == cause_id), None)
    click.echo(cause_guide.render(guide, cause, colour=colour(), width=width()), nl=False)
    return 0
