"""Run the owner's commands: `python -m pitwall COMMAND`.

A command is a module of `pitwall.cli` with `add_to(commands)`, which adds its parser and sets the
default `run`: an async function from the parsed arguments to the exit code.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from pitwall.app.settings import spelling_warnings
from pitwall.cli import circuits, database, import_races, ledger, races, record, token, users
from pitwall.errors import PitwallError
from pitwall.logs import one_line

_DESCRIPTION = "Manage pitwall's database, races, circuits and accounts, and record live timing."
_COMMANDS = (circuits, database, import_races, ledger, races, record, token, users)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 not understood."""
    parser = argparse.ArgumentParser(prog="python -m pitwall", description=_DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    chosen = parser.parse_args(arguments)
    for warning in spelling_warnings():
        sys.stderr.write(f"pitwall: warning: {warning}\n")
    try:
        code: int = asyncio.run(chosen.run(chosen))
    except PitwallError as error:
        sys.stderr.write(f"pitwall: {one_line(str(error))}\n")
        return 1
    except OSError as error:  # a folder that is not writable, a full disk
        where = f": {error.filename!a}" if error.filename else ""
        sys.stderr.write(f"pitwall: {error.strerror or error}{where}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
