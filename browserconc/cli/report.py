"""`browserconc report`: a saved recording or result, rendered again."""

from __future__ import annotations

from pathlib import Path

import click

from browserconc.cli.exits import CannotMeasure
from browserconc.cli.measuring import analyzed
from browserconc.cli.options import report_options
from browserconc.cli.output import check_targets, show, show_survey


@click.command()
@click.argument("source", metavar="DIR|FILE", type=click.Path(path_type=Path))
@report_options
def report(source: Path, json_file: str | None, markdown: str | None, verbose: bool) -> int:
    """Render a saved recording or JSON result again, also that of `tune`, `limits` and `servers`.

    \b
    browserconc report ~/.cache/browserconc/2026-11-21T10-38-02
    browserconc report result.json --markdown -
    browserconc report tune.json --html tune.html
    """
    from browserconc.report import forms, readings_json, result_json
    from browserconc.report.json_text import ResultError

    check_targets(json_file, markdown)
    try:
        if source.is_char_device():  # a terminal says nothing and /dev/zero never ends
            raise CannotMeasure(f"{source} is a device; give a recording's folder or a result's file.")
        if source.is_dir():
            result = analyzed(source)
        else:
            content = source.read_bytes()
            if found := forms.read(readings_json.schema(content), content):
                show_survey(found, {"json": json_file, "markdown": markdown})
                return 0
            result = result_json.parse(content)
    except OSError as problem:
        raise CannotMeasure(f"{source} cannot be read ({problem.strerror}).") from problem
    except ResultError as problem:
        raise CannotMeasure(f"{source} cannot be used: {problem}") from problem
    show(result, json_file, markdown, verbose)
    return 0
