"""`browserconc report`: a saved recording or result, rendered again."""

from __future__ import annotations

from pathlib import Path

import click

from browserconc.cli.exits import CannotMeasure
from browserconc.cli.measuring import analyzed
from browserconc.cli.options import report_options
from browserconc.cli.output import check_targets, show


@click.command()
@click.argument("source", metavar="DIR|FILE", type=click.Path(path_type=Path))
@report_options
def report(source: Path, json_file: str | None, markdown: str | None, verbose: bool) -> int:
    """Render a saved recording or JSON result again.

    \b
    browserconc report ~/.cache/browserconc/2026-11-21T10-38-02
    browserconc report result.json --markdown -
    """
    from browserconc.report import result_json

    check_targets(json_file, markdown)
    try:
        if source.is_char_device():  # a terminal says nothing and /dev/zero never ends
            raise CannotMeasure(f"{source} is a device; give a recording's folder or a result's file.")
        result = analyzed(source) if source.is_dir() else result_json.parse(source.read_bytes())
    except OSError as problem:
        raise CannotMeasure(f"{source} cannot be read ({problem.strerror}).") from problem
    except result_json.ResultError as problem:
        raise CannotMeasure(f"{source} cannot be used: {problem}") from problem
    show(result, json_file, markdown, verbose)
    return 0
