"""`browserconc schema`: the JSON Schema of the result."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> int:
    """Print the JSON Schema of the result.

    \b
    browserconc schema > result-1.schema.json
    """
    from browserconc.report import result_json

    click.echo(json.dumps(result_json.schema(), indent=2))
    return 0
