"""`mlrun completion`: what makes a shell complete mlrun's words."""

from __future__ import annotations

import click

from mlrun.completion.shells import SCRIPTS

_HELP = """Print what makes a shell complete mlrun's words.

That is options, and the entry points, parameters and choices of the project at hand.

\b
bash:  eval "$(mlrun completion bash)"    in ~/.bashrc
zsh:   eval "$(mlrun completion zsh)"     in ~/.zshrc, after compinit
fish:  mlrun completion fish > ~/.config/fish/completions/mlrun.fish
"""


@click.command(help=_HELP)
@click.argument("shell", type=click.Choice(sorted(SCRIPTS)))
def command(shell: str) -> None:
    """Print the script for a shell."""
    click.echo(SCRIPTS[shell], nl=False)
