"""Arguments → pipeline → text → exit code: the only printing, the only exit."""

from __future__ import annotations

import sys
from contextlib import suppress

import click

from browserconc import __version__
from browserconc.cli.causes import causes
from browserconc.cli.compare import compare
from browserconc.cli.completion import completion
from browserconc.cli.diagnose import diagnose
from browserconc.cli.diff import diff
from browserconc.cli.doctor import doctor
from browserconc.cli.exits import CANNOT_MEASURE, INTERRUPTED
from browserconc.cli.explain import explain
from browserconc.cli.limits import limits
from browserconc.cli.profiles import profiles
from browserconc.cli.report import report
from browserconc.cli.schema import schema
from browserconc.cli.serve import serve
from browserconc.cli.servers import servers
from browserconc.cli.tune import tune
from browserconc.cli.watch import watch
from browserconc.lab import interruption
from browserconc.report import streams


def main() -> None:
    """Runs the command line and exits with the contract's exit code."""
    streams.replace_missing()
    interruption.treat_alike()
    try:
        code, said = _run()
    except (click.Abort, KeyboardInterrupt):
        code, said = INTERRUPTED, "Interrupted."
    interruption.stop_listening()
    if said:
        with suppress(OSError):
            click.echo(said, err=True)
    streams.flush()
    sys.exit(code)


def _run() -> tuple[int, str]:
    """The exit code of the command, and the last word on stderr."""
    try:
        code = cli.main(standalone_mode=False)
    except click.UsageError as problem:
        with suppress(OSError):
            problem.show()
        return problem.exit_code, ""
    except click.ClickException as problem:
        return problem.exit_code, f"Error: {problem.format_message()}"
    except BrokenPipeError:  # `| head`
        return 0, ""
    except OSError as problem:  # nothing else fails here without a sentence of its own
        return CANNOT_MEASURE, f"Error: The output cannot be written ({problem.strerror or problem})."
    return code if isinstance(code, int) else 0, ""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="browserconc")
def cli() -> None:
    """Why don't my tabs run in parallel?

    Sends the same work through a raw-socket client and through browser tabs, contexts and
    profiles, says who held the requests back, and proves what removes it.

    \b
    browserconc compare --tabs 10          the whole picture in half a minute
    browserconc compare forum-thread       ten tabs, ten seconds, as in the forum
    browserconc doctor                     what this machine has and lacks
    """


for command in (
    compare,
    diagnose,
    explain,
    watch,
    servers,
    limits,
    serve,
    tune,
    report,
    diff,
    causes,
    doctor,
    profiles,
    schema,
    completion,
):
    cli.add_command(command)
