"""`browserconc completion`: what a shell needs to complete our commands, options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion script for a shell.

    \b
    eval "$(browserconc completion bash)"                    in ~/.bashrc
    eval "$(browserconc completion zsh)"                     in ~/.zshrc
    browserconc completion fish > ~/.config/fish/completions/browserconc.fish
    """
    script = get_completion_class(shell)
    assert script
    click.echo(script(context.find_root().command, {}, "browserconc", "_BROWSERCONC_COMPLETE").source())
    return 0
