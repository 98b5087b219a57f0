"""`pitwall completion`: print the script that completes commands in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pitwall.errors import PitwallError

_VARIABLE = "_PITWALL_COMPLETE"


@click.command(
    epilog="""
    \b
    Examples:
      eval "$(pitwall completion bash)"              in ~/.bashrc
      eval "$(pitwall completion zsh)"               in ~/.zshrc
      pitwall completion fish > ~/.config/fish/completions/pitwall.fish
    """
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes pitwall's commands and options in SHELL."""
    completes = get_completion_class(shell)
    if completes is None:
        raise PitwallError(f"click cannot complete words in {shell}")
    click.echo(completes(ctx.find_root().command, {}, "pitwall", _VARIABLE).source())
    return 0
