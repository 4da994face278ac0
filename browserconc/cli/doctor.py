"""`browserconc doctor`: what this machine has and lacks."""

from __future__ import annotations

import click

from browserconc.cli.exits import CANNOT_MEASURE
from browserconc.cli.measuring import provide_browser
from browserconc.cli.output import colour, width


@click.command()
@click.option("--install-browser", is_flag=True, help="Provide a browser where none is found.")
def doctor(install_browser: bool) -> int:
    """Say what this machine has and lacks for measuring.

    \b
    browserconc doctor
    browserconc doctor --install-browser
    """
    from browserconc.lab.doctor import examine
    from browserconc.report.doctor import render

    if install_browser:
        provide_browser()
    checks = examine()
    click.echo(render(checks, colour=colour(), width=width()), nl=False)
    return CANNOT_MEASURE if any(check.ok is False and check.name == "browser" for check in checks) else 0
