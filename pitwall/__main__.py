"""Run pitwall's command line: `pitwall COMMAND`, or `python -m pitwall COMMAND`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from pitwall.cli.command_table import command_line
from pitwall.errors import PitwallError
from pitwall.logs import one_line

DONE, FAILED, NOT_UNDERSTOOD, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    It is 0 when the command did what it should, 1 when it failed, 2 when the words were not
    understood, and 130 when somebody interrupted it.

    Args:
        arguments: The words after the program's name; None takes them from the process.
    """
    try:
        code = command_line.main(
            arguments,
            prog_name=None if arguments is None else "pitwall",
            complete_var="_PITWALL_COMPLETE",
            standalone_mode=False,  # else click ends the process, and prints what it was told as is
        )
    except click.UsageError as error:
        return _not_understood(error)
    except click.Abort:  # Ctrl+C, or the end of standard input where something was asked for
        return INTERRUPTED
    except (click.ClickException, PitwallError) as error:
        return _failed(str(error))
    except OSError as error:  # a folder that is not writable, a full disk
        where = f": {error.filename!a}" if error.filename else ""
        return _failed(f"{error.strerror or error}{where}")
    return code if isinstance(code, int) else DONE


def _not_understood(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # such as plain `pitwall users`
        error.show()
        return NOT_UNDERSTOOD
    _failed(error.format_message())
    if error.ctx is not None:
        sys.stderr.write(f"Try '{error.ctx.command_path} --help' for help.\n")
    return NOT_UNDERSTOOD


def _failed(reason: str) -> int:
    sys.stderr.write(f"pitwall: {one_line(reason)}\n")
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
