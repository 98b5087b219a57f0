"""List the commands of pitwall, and import the module of one only when it runs.

Some commands bring numpy, pyarrow and the model's libraries. That takes seconds, which neither
`--help` nor the completion of a word in a shell may take.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click
from click.shell_completion import CompletionItem

from pitwall import __version__

COMMANDS: Final = {
    "serve": ("serve", "Show a race in the browser. Plain `pitwall` does the same."),
    "races": ("races", "List the races of a season, and the next one."),
    "import": ("import_races", "Store finished races, with forecasts and outcomes."),
    "record": ("record", "Record a live feed byte for byte."),
    "ledger": ("ledger", "Verify the ledger of forecasts, or print its newest hash."),
    "circuits": ("circuits", "List or add descriptions of circuits."),
    "users": ("users", "Manage the accounts of this server."),
    "token": ("token", "Check the F1 TV token."),
    "mcp": ("mcp", "Offer a running pitwall to a language model (MCP)."),
    "db": ("database", "Migrate the database to this release, or back."),
    "completion": ("completion", "Print the script that completes commands in a shell."),
}
"""By its word at the terminal: the module of a command, which names it `command`, and its help."""

_DEFAULT = "serve"
_WITHOUT_WARNINGS = {"serve", "completion"}  # the server warns by itself; nobody sees the other
_HELP = ("-h", "--help")
_OWN = {*_HELP, "--version"}


class CommandTable(click.Group):
    """The group of all commands, whose modules are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's own
        """Return all commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's own
        """Return a command, after importing its module; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"pitwall.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words; where they name no command, they are options of `serve`."""
        is_whole = not ctx.resilient_parsing  # else a shell asks how the words could go on
        if is_whole and (not args or (args[0].startswith("-") and args[0] not in _OWN)):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's own
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands that begin so, without importing them, and the options."""
        commands = [
            CompletionItem(name, help=words)
            for name, (_, words) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    cls=CommandTable,
    context_settings={"help_option_names": list(_HELP)},
    epilog="""
    \b
    Examples:
      pitwall                            show a race on http://127.0.0.1:8000
      pitwall --feed simulated:7         show another one
      pitwall races 2025                 list a season
      pitwall import 2025 zandvoort      fetch and store a race of it
      pitwall COMMAND --help             explain a command

    \b
    Exit codes:
      0 done, 1 failed, 2 not understood, 130 interrupted

    All settings are environment variables that begin with PITWALL_;
    docs/settings.md lists them.
    """,
)
@click.version_option(__version__, prog_name="pitwall", message="%(prog)s %(version)s")
@click.pass_context
def command_line(ctx: click.Context) -> None:
    """Follow the battles of a Formula 1 race, with the chance that each ends in an overtake."""
    if ctx.invoked_subcommand in _WITHOUT_WARNINGS:
        return
    from pitwall.app.settings import spelling_warnings  # Pydantic, which `--help` does without

    for warning in spelling_warnings():
        click.echo(f"pitwall: warning: {warning}", err=True)
